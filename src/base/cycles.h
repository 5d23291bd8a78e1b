#pragma once

#include <chrono>
#include <cstdint>

namespace mayfly {

// A clock for times too short for a clock: one instruction to read, and no promise but that it runs evenly.
inline std::uint64_t cycles() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// A number of cycles as time: measured against the steady clock over the life of the process.
std::chrono::nanoseconds cycles_to_time(std::uint64_t count) noexcept;

}  // namespace mayfly
