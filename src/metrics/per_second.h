#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mayfly::metrics {

// An amount that is there anew each second, for whoever comes first. Any thread.
class PerSecond {
 public:
  // Takes `wanted` of `limit`, or what is left of it in this second.
  std::size_t take(std::size_t wanted, std::size_t limit) noexcept {
    using namespace std::chrono;
    const auto now = duration_cast<seconds>(steady_clock::now().time_since_epoch()).count();
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    for (;;) {
      const bool same_second = state >> kAmountBits == static_cast<std::uint64_t>(now);
      const std::uint64_t used = same_second ? state & kMostAmount : 0;
      const std::uint64_t taken = std::min<std::uint64_t>(wanted, limit - std::min<std::uint64_t>(used, limit));
      const std::uint64_t next = static_cast<std::uint64_t>(now) << kAmountBits | (used + taken);
      if (state_.compare_exchange_weak(state, next, std::memory_order_relaxed)) return taken;
    }
  }

 private:
  static constexpr int kAmountBits = 32;  // limits are far below 4 GiB
  static constexpr std::uint64_t kMostAmount = 0xFFFF'FFFF;

  std::atomic<std::uint64_t> state_ = 0;  // the second, and how much of it is used
};

}  // namespace mayfly::metrics
