#pragma once

#include "base/result.h"
#include "registry/name_map.h"
#include "registry/version.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::registry {

// `/x` matches that path alone; `/x/...` matches `/x` and all below it, but not `/xy`; `/...` matches everything. Paths
// are compared as sent: percent-encoded, a slash at the end counts.
struct Route {
  std::string text;
  Result<VersionPtr> function;  // or why it cannot be called

  bool is_prefix() const;
  std::string_view base() const;    // without `/...`
  std::string script_name() const;  // the part of the path that names the function; starts with `/`
};

// Routes in an order of precedence: the first that matches a path answers. Immutable; any thread.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  // Null when none matches. Looks up the path and its beginnings, none longer than the longest prefix there is.
  const Route* find(std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  NameMap<std::size_t> exact_;     // position of the first of its text
  NameMap<std::size_t> prefixes_;  // by base
  std::size_t longest_prefix_ = 0;
};

}  // namespace mayfly::registry
