#pragma once

#include "metrics/per_second.h"
#include "metrics/receipt.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace mayfly::metrics {

// A histogram of durations with fixed buckets. Any thread; one relaxed add a value.
class Histogram {
 public:
  static constexpr std::array<double, 14> kBounds = {  // seconds: from a sandbox's life to the default wall limit
      25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1, 5, 30};

  void observe(std::chrono::nanoseconds duration) noexcept;

  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum_seconds() const { return static_cast<double>(sum_.load(std::memory_order_relaxed)) / 1e9; }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_ = 0;  // nanoseconds
};

// What is counted about one function, over all its versions.
struct Invocations {
  std::atomic<std::uint64_t> succeeded = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> refused = 0;  // its queue was full, or they waited too long in it
  std::atomic<std::uint64_t> bytes_out = 0;
  std::atomic<std::uint64_t> log_dropped = 0;  // bytes
  std::atomic<std::uint64_t> memory_peak = 0;  // the most of any invocation, bytes
  // Nanoseconds, as in a receipt.
  std::atomic<std::uint64_t> queue = 0, load = 0, instantiate = 0, guest = 0, host = 0;
  // As in an Egress.
  std::atomic<std::uint64_t> egress_connections = 0, egress_requests = 0, egress_refused = 0, egress_out = 0,
                             egress_in = 0;
  Histogram duration;
  PerSecond log;          // bytes written
  PerSecond log_notices;  // of ours in it
  // Now; admission counts with them.
  std::atomic<std::size_t> running = 0;
  std::atomic<std::size_t> waiting = 0;

  void add(const Receipt& receipt) noexcept;
};

}  // namespace mayfly::metrics
