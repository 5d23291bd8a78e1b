#include "server/dispatcher.h"

#include "server/function_call.h"

namespace mayfly::server {
namespace {

bool is_guarded(const Endpoint& endpoint, const http::Request& request) {
  switch (endpoint.guard) {
    case Endpoint::Guard::kOpen: return false;
    case Endpoint::Guard::kAdmin: return true;
    case Endpoint::Guard::kUploads:
      return request.method == "POST" && http::has_media_type(request.fields, "multipart/form-data");
  }
  return true;
}

void refuse(const Refusal& refusal, Exchange& exchange) {
  if (refusal.error.code == ErrorCode::kMethodNotAllowed) exchange.refuse_method(refusal.allow);
  else exchange.fail(refusal.error);
}

void answer_health(Exchange& exchange) {
  http::Response healthy;
  healthy.fields.add("Content-Type", "text/plain; charset=utf-8");
  healthy.body = "OK";
  exchange.respond(std::move(healthy));
}

}  // namespace

Result<Admitted> Dispatcher::admit(LoopContext& context, const http::Request& head) const {
  const http::Limits& limits = context.limits;
  const bool has_body = !head.fields.get("Content-Length").empty() || !head.fields.get("Transfer-Encoding").empty();
  if (!has_body) return Admitted{std::nullopt, limits.body_bytes};
  Target target = router_.find(*context.registry.snapshot(), head);
  if (const auto* call = std::get_if<CallTarget>(&target.answer)) {
    const std::size_t body_bytes = call->first().settings().limits.request_bytes;
    const bool streams = call->first().facts().entry.kind == sandbox::Kind::kHttp;
    return Admitted{std::move(target), body_bytes, streams};
  }
  const auto* endpoint = std::get_if<const Endpoint*>(&target.answer);
  const bool guarded = endpoint != nullptr && is_guarded(**endpoint, head);
  if (!guarded) return Admitted{std::move(target), limits.body_bytes};
  if (auto allowed = access_.check(head); !allowed) return fail(std::move(allowed.error()));
  return Admitted{std::move(target), limits.upload_bytes};
}

void Dispatcher::answer(const Endpoint& endpoint, LoopContext& context, Exchange& exchange) const {
  if (is_guarded(endpoint, exchange.request())) {
    if (const auto allowed = access_.check(exchange.request()); !allowed) return exchange.fail(allowed.error());
  }
  endpoint.handler(context, exchange);
}

// One look into the registry for the whole request: a deploy meanwhile is seen by the next.
void Dispatcher::handle(LoopContext& context, Exchange& exchange, std::optional<Target> admitted) const {
  Target target = admitted ? std::move(*admitted) : router_.find(*context.registry.snapshot(), exchange.request());
  if (target.seed) exchange.answer_as_seed();
  if (auto* call = std::get_if<CallTarget>(&target.answer)) return call_function(context, exchange, std::move(*call));
  if (const auto* refusal = std::get_if<Refusal>(&target.answer)) return refuse(*refusal, exchange);
  if (const auto* endpoint = std::get_if<const Endpoint*>(&target.answer)) return answer(**endpoint, context, exchange);
  answer_health(exchange);
}

}  // namespace mayfly::server
