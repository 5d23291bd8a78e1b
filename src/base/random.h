#pragma once

#include <cstdint>
#include <span>

namespace mayfly {

// Fills `bytes` from the kernel's generator (getrandom), in memory that only this process writes. Few bytes come from
// what this thread has fetched before, which keeps no copy of them. False when the kernel refuses.
[[nodiscard]] bool fill_random(std::span<std::uint8_t> bytes);

}  // namespace mayfly
