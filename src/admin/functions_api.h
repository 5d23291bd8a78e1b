#pragma once

#include "admin/files_api.h"
#include "deploy/deployer.h"
#include "server/exchange.h"

namespace mayfly::admin {

// /_mayfly/v1/functions: list (GET), and of one function deploy (PUT or POST /NAME), show (GET /NAME), remove (DELETE
// /NAME) and roll back (POST /NAME/rollback). JSON out; the module itself is the body in.
class FunctionsApi {
 public:
  static constexpr std::string_view kPath = "/_mayfly/v1/functions";

  // `files` answers for names with a slash; null where there are none.
  FunctionsApi(deploy::Deployer& deployer, registry::Registry& registry, FilesApi* files)
      : deployer_(deployer), registry_(registry), files_(files) {}

  // Any loop. `exchange`'s path is kPath or below it.
  void handle(server::Exchange& exchange);

 private:
  void list(server::Exchange& exchange);
  void show(server::Exchange& exchange, const std::string& name);
  void show_module(server::Exchange& exchange, const std::string& name, const registry::FolderEntry& entry);
  void deploy(server::Exchange& exchange, const std::string& name);
  void remove(server::Exchange& exchange, const std::string& name);
  void rollback(server::Exchange& exchange, const std::string& name);

  deploy::Deployer& deployer_;
  registry::Registry& registry_;
  FilesApi* files_;
};

}  // namespace mayfly::admin
