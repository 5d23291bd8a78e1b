#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mayfly::deploy {

inline constexpr std::size_t kWaitingUploads = 32;  // more are refused with 503: each holds its module in memory

// Modules in memory, of which the engine says how many there may be.
inline constexpr std::uint32_t kModulesOfOne = 3;    // that a program may need
inline constexpr std::uint32_t kUnloadedShare = 64;  // this part of all is unloaded at once

// Functions that are files of a bucket.
inline constexpr std::size_t kObjectFunctions = 1000;           // kept compiled; the one called longest ago goes first
inline constexpr std::size_t kWaitingFiles = 1000;              // that wait for a thread; more are refused with 503
inline constexpr std::chrono::milliseconds kObjectTrust{1000};  // before a shared store is asked for a change

}  // namespace mayfly::deploy
