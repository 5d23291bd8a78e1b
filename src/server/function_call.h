#pragma once

#include "server/exchange.h"
#include "server/loop_context.h"
#include "server/router.h"

#include <memory>
#include <string>

namespace mayfly::server {

// Calls a function to answer an exchange. The call lives as long as the exchange.
void call_function(LoopContext& context, Exchange& exchange, CallTarget target);

// With another body than the request's, and a response that goes to `sink`, which ends in the exchange.
void call_function(LoopContext& context, Exchange& exchange, CallTarget target, std::string body,
                   std::unique_ptr<invoke::ResponseSink> sink);

}  // namespace mayfly::server
