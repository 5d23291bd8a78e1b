#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mayfly::registry {

// Strings as keys that are looked up by view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename T>
using NameMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

}  // namespace mayfly::registry
