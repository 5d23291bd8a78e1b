#include "registry/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace mayfly::registry {
namespace {

constexpr std::size_t kMaxName = 63;  // as a label of a host name
constexpr std::array<std::string_view, 5> kReserved = {"_mayfly", "api", "bucket", "file", "exec"};

// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

Status check_name(std::string_view name) {
  if (std::ranges::find(kReserved, name) != kReserved.end()) {
    return fail(ErrorCode::kReservedName, fmt::format("`{}` is a path of the server itself", name));
  }
  const bool shaped =
      !name.empty() && name.size() <= kMaxName && is_alphanumeric(name.front()) &&
      std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  if (shaped) return {};
  return fail(
      ErrorCode::kBadName,
      fmt::format("`{}` is not a function name: 1 to {} of a-z, A-Z, 0-9, '-', '_', '.', starting with a letter "
                  "or a digit",
                  name.substr(0, 100), kMaxName));
}

std::string near_names(const Snapshot& snapshot, std::string_view name) {
  constexpr std::size_t kLookedAt = 1'000;  // names; a hint is not worth more
  constexpr std::size_t kShown = 3;
  std::vector<std::pair<std::size_t, std::string_view>> near;
  std::size_t looked_at = 0;
  const auto consider = [&](std::string_view known) {
    const std::size_t allowed = std::max<std::size_t>(1, std::min(name.size(), known.size()) / 3);
    const std::size_t longer = std::max(name.size(), known.size()) - std::min(name.size(), known.size());
    if (longer > allowed || ++looked_at > kLookedAt) return;
    if (const std::size_t far = distance(name, known); far <= allowed) near.emplace_back(far, known);
  };
  if (name.size() > kMaxName) return "";
  for (const auto& [known, version] : snapshot.functions) consider(known);
  for (const auto& [known, entry] : snapshot.folder) consider(known);
  std::ranges::sort(near);
  std::string text;
  for (std::size_t i = 0; i < std::min(near.size(), kShown); ++i)
    text += (i == 0 ? "`" : ", `") + std::string(near[i].second) + "`";
  return text.empty() ? "" : "; did you mean " + text + "?";
}

}  // namespace mayfly::registry
