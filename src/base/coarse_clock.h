#pragma once

#include <chrono>
#include <ctime>

namespace mayfly {

// The steady clock as of the kernel's last tick, at most 10 ms ago: a third of the price, for deadlines of seconds.
inline std::chrono::steady_clock::time_point coarse_now() noexcept {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace mayfly
