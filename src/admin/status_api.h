#pragma once

#include "metrics/book.h"
#include "registry/registry.h"
#include "sandbox/engine.h"
#include "server/exchange.h"
#include "server/server.h"

namespace mayfly::admin {

// How the server is: /_mayfly/v1/health as JSON, /_mayfly/metrics as Prometheus text.
class StatusApi {
 public:
  StatusApi(sandbox::Engine& engine, registry::Registry& registry, metrics::Book& book)
      : engine_(engine), registry_(registry), book_(book), started_(std::chrono::steady_clock::now()) {}

  // Before the server starts: it is made after its endpoints.
  void watch(const server::Server& server) { server_ = &server; }

  void health(server::Exchange& exchange) const;
  void metrics(server::Exchange& exchange) const;

 private:
  sandbox::Engine& engine_;
  registry::Registry& registry_;
  metrics::Book& book_;
  std::chrono::steady_clock::time_point started_;
  const server::Server* server_ = nullptr;
};

// The page behind a problem type, /_mayfly/errors/<slug>.
void error_page(server::Exchange& exchange);

}  // namespace mayfly::admin
