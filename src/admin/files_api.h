#pragma once

#include "deploy/object_functions.h"
#include "server/exchange.h"

#include <string>

namespace mayfly::admin {

// What the API of functions answers about files of shared buckets, which have names with a slash, `functions/hello`:
// show (GET) with the versions that the store keeps, and roll back (POST /rollback).
class FilesApi {
 public:
  explicit FilesApi(deploy::ObjectFunctions& functions) : functions_(functions) {}

  // Any loop. `rest` is what the path has behind the name.
  void handle(server::Exchange& exchange, const std::string& name, std::string_view rest);

 private:
  struct File {
    std::string bucket;
    std::string key;
  };
  void show(server::Exchange& exchange, const File& file);
  void rollback(server::Exchange& exchange, const File& file);
  void describe(server::Exchange& exchange, const File& file, const Result<registry::VersionPtr>& version);

  deploy::ObjectFunctions& functions_;
};

}  // namespace mayfly::admin
