#include "server/function_call.h"

#include "invoke/invocation.h"
#include "invoke/pipeline.h"
#include "registry/stages.h"
#include "server/server_name.h"

namespace mayfly::server {
namespace {

// The text that a call's views point into, the call, and where its response goes if not to the exchange.
struct FunctionCall {
  CallTarget target;
  ServerName server;
  std::unique_ptr<invoke::ResponseSink> sink;
  std::shared_ptr<void> running;  // an Invocation or a Pipeline
};

template <typename Running>
void start(Exchange& exchange, std::shared_ptr<FunctionCall> call, std::shared_ptr<Running> running) {
  call->running = running;
  exchange.keep(std::move(call));
  running->start();
}

}  // namespace

void call_function(LoopContext& context, Exchange& exchange, CallTarget target) {
  call_function(context, exchange, std::move(target), exchange.take_body(), nullptr);
}

void call_function(LoopContext& context, Exchange& exchange, CallTarget target, std::string body,
                   std::unique_ptr<invoke::ResponseSink> sink) {
  auto call = std::make_shared<FunctionCall>();
  call->target = std::move(target);
  call->sink = std::move(sink);
  const registry::VersionPtr& version = call->target.version;
  if (version->is_pipeline() && call->target.stages.empty()) {  // it was not the router that found it
    auto stages = registry::find_stages(*context.registry.snapshot(), version->function(), version->facts().stages);
    if (!stages) return exchange.fail(stages.error());
    call->target.stages = std::move(*stages);
  }
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
      .body_bytes = body.size(),
  };
  invoke::BodySource* streamed_body = exchange.is_receiving() ? &exchange : nullptr;
  invoke::CallRequest request{version, described, std::move(body), streamed_body, exchange.id(), exchange.is_seed()};
  invoke::ResponseSink& answer = call->sink ? *call->sink : static_cast<invoke::ResponseSink&>(exchange);
  if (version->is_pipeline()) {
    auto stages = std::move(call->target.stages);
    return start(
        exchange, std::move(call),
        std::make_shared<invoke::Pipeline>(context.environment, std::move(request), std::move(stages), answer));
  }
  start(exchange, std::move(call),
        std::make_shared<invoke::Invocation>(context.environment, std::move(request), answer));
}

}  // namespace mayfly::server
