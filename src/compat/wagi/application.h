#pragma once

#include "base/log.h"
#include "compat/wagi/module.h"
#include "compat/wagi/variables.h"
#include "deploy/deployer.h"
#include "registry/route_table.h"

#include <string>
#include <vector>

namespace mayfly::compat::wagi {

struct Services {
  sandbox::Engine& engine;
  deploy::Deployer& deployer;
  Log& log;
};

// Modules on their way to a routing table.
struct Application {
  registry::RouteTable routes;
  std::vector<std::string> warnings;  // what an operator should know, and no reason not to start
};

// Compiles the modules, each file once, asks those that have `_routes` for theirs, and puts the routes in WAGI's order:
// module by module, the last that `_routes` prints first, the module's own route last. An error names the module's
// place. Blocks on the compiler and runs guests.
Result<Application> load_application(const std::vector<Module>& modules, const Variables& variables,
                                     const Services& services);

}  // namespace mayfly::compat::wagi
