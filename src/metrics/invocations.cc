#include "metrics/invocations.h"

#include <algorithm>

namespace mayfly::metrics {

void Histogram::observe(std::chrono::nanoseconds duration) noexcept {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound = std::ranges::lower_bound(kBounds, seconds);
  buckets_[static_cast<std::size_t>(bound - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
}

void Invocations::add(const Receipt& receipt) noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const auto count = [](std::chrono::nanoseconds time) { return static_cast<std::uint64_t>(time.count()); };
  if (receipt.queue.count() != 0) queue.fetch_add(count(receipt.queue), kRelaxed);
  if (receipt.load.count() != 0) load.fetch_add(count(receipt.load), kRelaxed);
  instantiate.fetch_add(count(receipt.instantiate), kRelaxed);
  guest.fetch_add(count(receipt.guest), kRelaxed);
  host.fetch_add(count(receipt.host), kRelaxed);
  bytes_out.fetch_add(receipt.bytes_out, kRelaxed);
  std::uint64_t most = memory_peak.load(kRelaxed);
  while (most < receipt.memory_peak && !memory_peak.compare_exchange_weak(most, receipt.memory_peak, kRelaxed)) {
  }
}

}  // namespace mayfly::metrics
