#pragma once

#include "deploy/deployer.h"
#include "metrics/book.h"
#include "registry/registry.h"
#include "sandbox/engine.h"
#include "server/exchange.h"
#include "server/server.h"

namespace mayfly::admin {

// How the server is: /_mayfly/v1/health as JSON, /_mayfly/metrics as Prometheus text.
class StatusApi {
 public:
  // What it tells of.
  struct Subjects {
    sandbox::Engine& engine;
    registry::Registry& registry;
    metrics::Book& book;
    invoke::Admission& admission;
    invoke::Background& background;
    const deploy::Deployer& deployer;
  };
  explicit StatusApi(const Subjects& subjects) : of_(subjects), started_(std::chrono::steady_clock::now()) {}

  // Before the server starts: it is made after its endpoints.
  void watch(const server::Server& server) { server_ = &server; }

  void health(server::Exchange& exchange) const;
  void metrics(server::Exchange& exchange) const;

 private:
  Subjects of_;
  std::chrono::steady_clock::time_point started_;
  const server::Server* server_ = nullptr;
};

// The page behind a problem type, /_mayfly/errors/<slug>.
void error_page(server::Exchange& exchange);

}  // namespace mayfly::admin
