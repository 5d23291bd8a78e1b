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
  const auto add_if_any = [](std::atomic<std::uint64_t>& sum, std::uint64_t value) {
    if (value != 0) sum.fetch_add(value, kRelaxed);
  };
  add_if_any(queue, count(receipt.queue));
  add_if_any(load, count(receipt.load));
  add_if_any(egress_connections, receipt.egress.connections);
  add_if_any(egress_requests, receipt.egress.requests);
  add_if_any(egress_refused, receipt.egress.refused);
  add_if_any(egress_out, receipt.egress.bytes_out);
  add_if_any(egress_in, receipt.egress.bytes_in);
  instantiate.fetch_add(count(receipt.instantiate), kRelaxed);
  guest.fetch_add(count(receipt.guest), kRelaxed);
  host.fetch_add(count(receipt.host), kRelaxed);
  bytes_out.fetch_add(receipt.bytes_out, kRelaxed);
  std::uint64_t most = memory_peak.load(kRelaxed);
  while (most < receipt.memory_peak && !memory_peak.compare_exchange_weak(most, receipt.memory_peak, kRelaxed)) {
  }
}

}  // namespace mayfly::metrics
