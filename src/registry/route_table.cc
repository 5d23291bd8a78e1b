#include "registry/route_table.h"

#include <algorithm>

namespace mayfly::registry {
namespace {

constexpr std::string_view kRest = "/...";

}  // namespace

bool Route::is_prefix() const { return text.ends_with(kRest); }

std::string_view Route::base() const {
  return std::string_view(text).substr(0, text.size() - (is_prefix() ? kRest.size() : 0));
}

std::string Route::script_name() const {
  const std::string_view name = base();
  return name.starts_with('/') ? std::string(name) : '/' + std::string(name);
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (std::size_t position = 0; position < routes_.size(); ++position) {
    const Route& route = routes_[position];
    (route.is_prefix() ? prefixes_ : exact_).try_emplace(std::string(route.base()), position);
    if (route.is_prefix()) longest_prefix_ = std::max(longest_prefix_, route.base().size());
  }
}

const Route* RouteTable::find(std::string_view path) const {
  std::size_t first = routes_.size();
  const auto look = [&](const NameMap<std::size_t>& map, std::string_view key) {
    if (const auto found = map.find(key); found != map.end()) first = std::min(first, found->second);
  };
  look(exact_, path);
  if (!prefixes_.empty()) {
    for (std::size_t end = 0; end <= std::min(path.size(), longest_prefix_); ++end) {
      if (end == path.size() || path[end] == '/') look(prefixes_, path.substr(0, end));
    }
  }
  return first == routes_.size() ? nullptr : &routes_[first];
}

}  // namespace mayfly::registry
