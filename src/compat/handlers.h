#pragma once

#include "deploy/deployer.h"
#include "server/exchange.h"
#include "server/loop_context.h"

namespace mayfly::compat {

// Seed 000: /api/v1/handler/NAME. A multipart POST uploads a bundle, a zip with metadata.json; a GET with a JSON body,
// or any other POST, invokes it. What was uploaded is a function like any other, also live at /NAME.
class Handlers {
 public:
  static constexpr std::string_view kPath = "/api/v1/handler";

  explicit Handlers(deploy::Deployer& deployer) : deployer_(deployer) {}

  void handle(server::LoopContext& context, server::Exchange& exchange);

 private:
  void upload(server::Exchange& exchange, const std::string& name);

  deploy::Deployer& deployer_;
};

}  // namespace mayfly::compat
