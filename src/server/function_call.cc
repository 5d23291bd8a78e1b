#include "server/function_call.h"

#include "invoke/invocation.h"
#include "server/server_name.h"

namespace mayfly::server {
namespace {

// The text that an invocation's views point into, and the invocation.
struct FunctionCall {
  CallTarget target;
  ServerName server;
  std::shared_ptr<invoke::Invocation> invocation;
};

}  // namespace

void call_function(LoopContext& context, Exchange& exchange, CallTarget target) {
  auto call = std::make_shared<FunctionCall>();
  call->target = std::move(target);
  const registry::VersionPtr& version = call->target.version;
  call->server = server_name(exchange.request().fields.get("Host"), context.hostname, exchange.local_port());

  exchange.set_function(version->function());
  const sandbox::abi::Call described = {
      .request = exchange.request(),
      .function = version->function(),
      .route = call->target.route,
      .script_name = call->target.script_name,
      .remote_address = exchange.remote_address(),
      .server_name = call->server.host,
      .server_port = call->server.port,
      .body_bytes = exchange.request().body.size(),
  };
  invoke::BodySource* streamed_body = exchange.is_receiving() ? &exchange : nullptr;
  invoke::CallRequest request{version,       described,     exchange.take_body(),
                              streamed_body, exchange.id(), exchange.is_seed()};
  call->invocation = std::make_shared<invoke::Invocation>(context.environment, std::move(request), exchange);
  const auto invocation = call->invocation;
  exchange.keep(std::move(call));
  invocation->start();
}

}  // namespace mayfly::server
