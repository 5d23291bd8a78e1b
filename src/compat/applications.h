#pragma once

#include "base/result.h"
#include "deploy/deployer.h"

#include <string>
#include <vector>

namespace mayfly::compat {

// One `[[applications]]` table of seeds 001 and 004.
struct Application {
  std::string file_path;  // relative to the working directory, as the seed has it
  std::string method;
  std::string url_path;
  sandbox::Settings
      settings;              // entry from `function`, `handle` by default; environment from `env`; egress from `allow`
  bool allow_given = false;  // without `allow`, it may connect wherever its code says
};

struct ApplicationsConfig {
  std::string listen_address;  // "" when the file has none
  std::vector<Application> applications;
};

// Reads a configuration. kBadConfig with line and column for bad TOML, missing or mistyped keys.
Result<ApplicationsConfig> parse_applications(std::string_view toml, std::string_view file_name);

// Compiles each application and publishes its route; a later one of the same route replaces an earlier one.
Status publish_applications(const ApplicationsConfig& config, deploy::Deployer& deployer, registry::Registry& registry);

}  // namespace mayfly::compat
