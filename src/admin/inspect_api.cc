#include "admin/inspect_api.h"

#include "admin/reply.h"
#include "deploy/inspect.h"

namespace mayfly::admin {

void inspect(deploy::Deployer& deployer, server::Exchange& exchange) {
  if (exchange.request().method != "POST") return exchange.refuse_method("POST");
  if (!deployer.has_room()) return exchange.fail({ErrorCode::kOverloaded, "too many uploads wait to be compiled"});
  deployer.on_worker(
      deploy::Deployer::Work::kCompiles, exchange.loop(),
      [body = exchange.take_body()]() mutable { return deploy::inspect(std::move(body)).map(deploy::to_json); },
      [weak = exchange.weak_from_this()](const Result<boost::json::object>& inspected) {
        const auto self = weak.lock();
        if (!self) return;
        if (!inspected) return self->fail(inspected.error());
        self->respond(json_response(200, *inspected));
      });
}

}  // namespace mayfly::admin
