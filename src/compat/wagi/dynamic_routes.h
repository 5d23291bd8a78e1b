#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// A line that a module's `_routes` prints: `SUBPATH ENTRYPOINT`.
struct Subroute {
  std::string path;  // `/x` or `/x/...`
  std::string entrypoint;
};

// All that it prints, in order; empty lines count for nothing. kBadConfig, naming the line, for anything else.
Result<std::vector<Subroute>> parse_subroutes(std::string_view output);

// The route of a subpath below the route of its module: with one slash between them.
std::string join_routes(std::string_view route, std::string_view subpath);

}  // namespace mayfly::compat::wagi
