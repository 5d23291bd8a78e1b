#pragma once

#include "server/access.h"
#include "server/exchange.h"
#include "server/loop_context.h"
#include "server/router.h"

#include <cstddef>
#include <optional>

namespace mayfly::server {

// A request whose body may come.
struct Admitted {
  std::optional<Target> target;  // none when it has no body after all
  std::size_t body_bytes;        // that it may have
  bool streams = false;          // whoever answers takes the body while it arrives
};

// The way of a request from the end of its header to its handler. Immutable once the server runs; shared by all loops.
class Dispatcher {
 public:
  explicit Dispatcher(const Access& access) : access_(access) {}

  Router& router() { return router_; }
  const Router& router() const { return router_; }

  // At the end of the header of a request that has a body: who answers, or why the body is not to be sent at all.
  Result<Admitted> admit(LoopContext& context, const http::Request& head) const;
  // `target` is what admit() found, if it was asked.
  void handle(LoopContext& context, Exchange& exchange, std::optional<Target> target) const;

 private:
  void answer(const Endpoint& endpoint, LoopContext& context, Exchange& exchange) const;

  const Access& access_;
  Router router_;
};

}  // namespace mayfly::server
