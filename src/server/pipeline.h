#pragma once

#include "server/access.h"
#include "server/exchange.h"
#include "server/loop_context.h"
#include "server/router.h"

#include <string_view>

namespace mayfly::server {

// The way of a request from the end of its header to its handler. Immutable once the server runs; shared by all loops.
class Pipeline {
 public:
  explicit Pipeline(const Access& access) : access_(access) {}

  Router& router() { return router_; }
  const Router& router() const { return router_; }

  // At the end of the header: how large the body may be, or why it is not to be sent at all.
  Result<std::size_t> admit(LoopContext& context, const http::Request& head) const;
  void handle(LoopContext& context, Exchange& exchange) const;

 private:
  void answer(const Endpoint& endpoint, LoopContext& context, Exchange& exchange) const;

  const Access& access_;
  Router router_;
};

}  // namespace mayfly::server
