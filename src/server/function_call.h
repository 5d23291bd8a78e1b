#pragma once

#include "registry/version.h"
#include "server/exchange.h"
#include "server/loop_context.h"

#include <string>

namespace mayfly::server {

struct CallOptions {
  std::string script_name;  // the part of the path that named the function
  std::string route;        // that matched
};

// Calls a version to answer an exchange. The call lives as long as the exchange.
void call_function(LoopContext& context, Exchange& exchange, registry::VersionPtr version, CallOptions options);

}  // namespace mayfly::server
