// Time: clock_*.

#include "sandbox/wasi/clock.h"
#include "sandbox/wasi/preview1.h"

#include <array>

namespace mayfly::sandbox::wasi {

std::optional<clockid_t> host_clock(std::uint32_t id) {
  if (id == kRealtime) return CLOCK_REALTIME;
  if (id == kMonotonic) return CLOCK_MONOTONIC;
  return std::nullopt;  // the CPU clocks would tell of other guests
}

std::uint64_t as_nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t now_on(clockid_t clock) {
  timespec time;
  ::clock_gettime(clock, &time);
  return as_nanoseconds(time);
}

namespace {

Hosted<Errno> clock_res_get(Guest& guest, std::uint32_t id, std::uint32_t result) {
  const auto clock = host_clock(id);
  if (!clock) return Errno::kNotsup;
  timespec resolution;
  ::clock_getres(*clock, &resolution);
  return guest.memory().write(result, as_nanoseconds(resolution)) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> clock_time_get(Guest& guest, std::uint32_t id, std::uint64_t /*precision*/, std::uint32_t result) {
  const auto clock = host_clock(id);
  if (!clock) return Errno::kNotsup;
  return guest.memory().write(result, now_on(*clock)) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {
    host_function<clock_res_get>(kModule, "clock_res_get"),
    host_function<clock_time_get>(kModule, "clock_time_get"),
};

}  // namespace

std::span<const HostFunction> clock_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
