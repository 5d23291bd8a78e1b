#pragma once

#include <cstdint>
#include <ctime>
#include <optional>

namespace mayfly::sandbox::wasi {

enum ClockId : std::uint32_t { kRealtime = 0, kMonotonic = 1 };

// Null for a clock there is not.
std::optional<clockid_t> host_clock(std::uint32_t id);

std::uint64_t as_nanoseconds(const timespec& time);
std::uint64_t now_on(clockid_t clock);

}  // namespace mayfly::sandbox::wasi
