#pragma once

#include "sandbox/limits.h"

#include <chrono>
#include <cstddef>

namespace mayfly::source {

inline constexpr std::size_t kMessageBytes = 4096;  // of what an interpreter says of source that it does not take

// Of an interpreter that starts, before it knows of any function. Ruby asks for 256 MiB for a cache then, and does
// without when there is no room: its functions are the smaller for it.
inline constexpr sandbox::Limits kInitializeLimits = {
    .memory_bytes = 256 << 20, .cpu = std::chrono::seconds(60), .wall = std::chrono::seconds(120)};

// Of compiling a function's files.
inline constexpr sandbox::Limits kCompileLimits = {.memory_bytes = 512 << 20};

// Of translating one file.
inline constexpr sandbox::Limits kTranslateLimits = {.memory_bytes = 512 << 20};

}  // namespace mayfly::source
