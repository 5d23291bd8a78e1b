#pragma once

#include "base/error.h"
#include "http/message.h"
#include "registry/registry.h"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mayfly::server {

class Exchange;
struct LoopContext;

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

// Who answers a request: one of these.
struct CallTarget {
  registry::VersionPtr version;
  std::string script_name;                        // the part of the path that named the function
  std::string route;                              // that matched
  std::vector<registry::VersionPtr> stages = {};  // of a pipeline: what it calls

  // What is given the request.
  const registry::Version& first() const { return stages.empty() ? *version : *stages.front(); }
};
struct HealthTarget {};  // of a WAGI application
struct Refusal {
  Error error;
  std::string allow = {};  // for kMethodNotAllowed: the methods that the path answers
};
struct Target {
  std::variant<Refusal, const Endpoint*, CallTarget, HealthTarget> answer;
  bool seed = false;  // a seed's path: problems carry the `error` member that its clients read
};

// Where each path leads. Immutable once the server runs; shared by all loops.
class Router {
 public:
  // The API is found before any function; endpoints of the seeds after what the operator configured.
  void add_api(Endpoint endpoint) { api_.push_back(std::move(endpoint)); }
  void add_seed(Endpoint endpoint) { seeds_.push_back(std::move(endpoint)); }
  // What lies below the path and is no function's.
  void add_last(Endpoint endpoint) { last_.push_back(std::move(endpoint)); }

  // Reads the header of the request alone.
  Target find(const registry::Snapshot& snapshot, const http::Request& request) const;
  // Whether a path is an endpoint of a seed.
  bool is_seed(std::string_view path) const;

 private:
  std::vector<Endpoint> api_;
  std::vector<Endpoint> seeds_;
  std::vector<Endpoint> last_;
};

}  // namespace mayfly::server
