#pragma once

#include "deploy/object_functions.h"
#include "server/exchange.h"
#include "server/loop_context.h"

#include <functional>
#include <string>

namespace mayfly::compat {

// Seed 003: buckets of files at /bucket/BUCKET (PUT, GET, DELETE) and /file/BUCKET/FILE (POST of a form, GET, DELETE),
// and at /exec/BUCKET/FILE (POST of JSON) calls of files that are components with an export `exec`.
class Buckets {
 public:
  explicit Buckets(deploy::ObjectFunctions& functions) : functions_(functions) {}

  // `exchange`'s path is that of the name or below it.
  void bucket(server::Exchange& exchange);
  void file(server::Exchange& exchange);
  void exec(server::LoopContext& context, server::Exchange& exchange);
  // Below /functions: the files of the bucket of that name as functions at their own path, whatever their kind.
  void function(server::LoopContext& context, server::Exchange& exchange);
  static constexpr std::string_view kFunctions = "functions";

 private:
  struct Name;
  void with_store(server::Exchange& exchange, std::function<Result<http::Response>(storage::ObjectStore&)> work);
  void upload(server::Exchange& exchange, const Name& name);

  deploy::ObjectFunctions& functions_;
};

}  // namespace mayfly::compat
