#pragma once

#include <cstddef>

namespace mayfly::compat {

inline constexpr std::size_t kMaxJsonDepth = 128;      // arrays and objects within each other; as serde_json
inline constexpr std::size_t kJsonOnLoop = 64 * 1024;  // bytes of JSON that a loop reads itself: under a millisecond

}  // namespace mayfly::compat
