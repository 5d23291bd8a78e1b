#pragma once

#include <cstddef>

namespace mayfly::invoke {

// A response is held back up to this many bytes, so that a failure before can still be answered as a problem.
inline constexpr std::size_t kCommitBytes = 64 * 1024;

// What a line costs of the log limit beyond its own bytes: about what is written around it.
inline constexpr std::size_t kLogLineOverhead = 160;

// A longer line of stderr or `log` is cut in two.
inline constexpr std::size_t kLogLineBytes = 8 * 1024;

}  // namespace mayfly::invoke
