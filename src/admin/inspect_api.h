#pragma once

#include "deploy/deployer.h"
#include "server/exchange.h"

namespace mayfly::admin {

// POST /_mayfly/v1/inspect: what the body - a module, a component or a zip - would be as a function; JSON out. Nothing
// is compiled or kept. Any loop.
void inspect(deploy::Deployer& deployer, server::Exchange& exchange);

}  // namespace mayfly::admin
