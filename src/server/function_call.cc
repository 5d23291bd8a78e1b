#include "server/function_call.h"

#include "invoke/invocation.h"

namespace mayfly::server {
namespace {

// The text that an invocation's views point into, and the invocation.
struct FunctionCall {
  CallOptions options;
  std::string server_name;
  std::string server_port;
  std::shared_ptr<invoke::Invocation> invocation;
};

}  // namespace

void call_function(LoopContext& context, Exchange& exchange, registry::VersionPtr version, CallOptions options) {
  auto call = std::make_shared<FunctionCall>();
  call->options = std::move(options);
  const std::string_view host = exchange.request().fields.get("Host");
  const auto colon = host.find_last_of(":]");  // a colon inside the brackets of an IPv6 address is not a port's
  const bool has_port = colon != std::string_view::npos && host[colon] == ':';
  call->server_name = has_port ? host.substr(0, colon) : host;
  call->server_port = has_port ? std::string(host.substr(colon + 1)) : exchange.local_port();

  exchange.set_function(version->function());
  const sandbox::abi::Call described = {
      .request = exchange.request(),
      .body_bytes = exchange.request().body.size(),
      .function = version->function(),
      .route = call->options.route,
      .script_name = call->options.script_name,
      .remote_address = exchange.remote_address(),
      .server_name = call->server_name,
      .server_port = call->server_port,
  };
  invoke::CallRequest request{version, described, exchange.take_body(), exchange.id(), exchange.is_seed()};
  call->invocation = std::make_shared<invoke::Invocation>(context.environment, std::move(request), exchange);
  const auto invocation = call->invocation;
  exchange.keep(std::move(call));
  invocation->start();
}

}  // namespace mayfly::server
