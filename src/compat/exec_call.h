#pragma once

#include "deploy/object_functions.h"
#include "server/exchange.h"
#include "server/loop_context.h"

#include <string>

namespace mayfly::compat {

// Calls a file as seed 003 does: the body, JSON, is given to its `exec` without blanks and with sorted members, and so
// is what that returns to the client.
void call_exec(server::LoopContext& context, server::Exchange& exchange, deploy::ObjectFunctions& functions,
               std::string bucket, std::string key);

}  // namespace mayfly::compat
