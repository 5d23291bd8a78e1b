#pragma once

#include "server/access.h"
#include "server/exchange.h"
#include "server/loop_context.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::server {

// What the server answers itself: a path, and every path below it.
struct Endpoint {
  std::string path;
  std::function<void(LoopContext&, Exchange&)> handler;
  enum class Guard {
    kOpen,     // for everybody
    kAdmin,    // for who may use the API; a PUT or POST may be as large as an upload
    kUploads,  // for everybody but multipart POSTs, which are uploads
  } guard = Guard::kAdmin;
};

// The way of a request from the end of its header to its handler. Immutable once the server runs; shared by all loops.
class Pipeline {
 public:
  explicit Pipeline(const Access& access) : access_(access) {}

  // The API is found before any function; endpoints of the seeds after configured routes and folder modules.
  void add_api(Endpoint endpoint) { api_.push_back(std::move(endpoint)); }
  void add_seed(Endpoint endpoint) { seeds_.push_back(std::move(endpoint)); }

  // At the end of the header: how large the body may be, or why it is not to be sent at all.
  Result<std::size_t> admit(const http::Request& head, const http::Limits& limits) const;
  void handle(LoopContext& context, Exchange& exchange) const;
  // Whether a path is an endpoint of a seed.
  bool is_seed(std::string_view path) const;

 private:
  void answer(const Endpoint& endpoint, LoopContext& context, Exchange& exchange) const;

  const Access& access_;
  std::vector<Endpoint> api_;
  std::vector<Endpoint> seeds_;
};

}  // namespace mayfly::server
