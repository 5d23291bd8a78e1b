#include "compat/wagi/dynamic_routes.h"

#include "base/text.h"
#include "compat/wagi/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::compat::wagi {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kRest = "/...";

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  for (auto at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(kBlanks, at), line.size());
    found.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return found;
}

}  // namespace

Result<std::vector<Subroute>> parse_subroutes(std::string_view output) {
  const auto bad = [](std::string why) { return fail(ErrorCode::kBadConfig, std::move(why)); };
  if (output.empty()) return bad("it prints nothing; it prints lines such as `/hello hello_handler`");
  if (!is_utf8(output)) return bad("what it prints is not UTF-8");
  std::vector<Subroute> routes;
  while (!output.empty()) {
    std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto parts = words(line);
    if (parts.size() != 2) {
      return bad(fmt::format("it prints `{}`, which is not `SUBPATH ENTRYPOINT`", to_utf8(line.substr(0, 100))));
    }
    if (routes.size() == kMaxRoutes) return bad(fmt::format("it prints more than {} routes", kMaxRoutes));
    routes.push_back({std::string(parts[0]), std::string(parts[1])});
  }
  return routes;
}

std::string join_routes(std::string_view route, std::string_view subpath) {
  const bool prefix = subpath.ends_with(kRest);
  if (prefix) subpath.remove_suffix(kRest.size());
  if (route.ends_with(kRest)) route.remove_suffix(kRest.size());
  if (route.ends_with('/')) route.remove_suffix(1);
  if (subpath.starts_with('/')) subpath.remove_prefix(1);
  return fmt::format("{}/{}{}", route, subpath, prefix ? kRest : "");
}

}  // namespace mayfly::compat::wagi
