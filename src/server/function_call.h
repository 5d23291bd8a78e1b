#pragma once

#include "server/exchange.h"
#include "server/loop_context.h"
#include "server/router.h"

namespace mayfly::server {

// Calls a function to answer an exchange. The call lives as long as the exchange.
void call_function(LoopContext& context, Exchange& exchange, CallTarget target);

}  // namespace mayfly::server
