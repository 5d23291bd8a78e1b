// Time: clock_* and poll_oneoff, which waits on the loop, not on a thread.

#include "sandbox/wasi/preview1.h"

#include <array>
#include <ctime>
#include <vector>

namespace mayfly::sandbox::wasi {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

enum ClockId : std::uint32_t { kRealtime = 0, kMonotonic = 1 };

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

// The layouts of the witx records, in linear memory.
struct Subscription {
  std::uint64_t user_data;
  std::uint8_t tag;  // of the union that follows
  std::uint8_t padding[7];
  std::uint32_t id;  // clock, or descriptor
  std::uint32_t padding2;
  std::uint64_t timeout;
  std::uint64_t precision;
  std::uint16_t flags;
  std::uint8_t padding3[6];
};
static_assert(sizeof(Subscription) == 48);

struct Event {
  std::uint64_t user_data = 0;
  std::uint16_t error = 0;
  std::uint8_t type = 0;
  std::uint8_t padding[5] = {};
  std::uint64_t bytes = 0;
  std::uint16_t flags = 0;
  std::uint8_t padding2[6] = {};
};
static_assert(sizeof(Event) == 32);

enum EventType : std::uint8_t { kClock = 0, kReadable = 1, kWritable = 2 };
constexpr std::uint16_t kAbsoluteTime = 1;

// How long a clock subscription still has to wait, of which a relative one has waited `slept` already; nullopt for a
// clock there is not.
std::optional<nanoseconds> remaining(const Subscription& subscription, nanoseconds slept) {
  const auto clock = host_clock(subscription.id);
  if (!clock) return std::nullopt;
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 62;  // what a signed count of nanoseconds holds
  const bool absolute = (subscription.flags & kAbsoluteTime) != 0;
  const std::uint64_t past = absolute ? now_on(*clock) : static_cast<std::uint64_t>(slept.count());
  const std::uint64_t wait = subscription.timeout > past ? subscription.timeout - past : 0;
  return nanoseconds(std::min(wait, kLongest));
}

// The event of a descriptor subscription: the standard ones are always ready.
Event descriptor_event(Guest& guest, const Subscription& subscription) {
  Event event{.user_data = subscription.user_data, .type = subscription.tag};
  const std::uint32_t wanted_at_least = subscription.tag == kReadable ? 0 : 1;
  const std::uint32_t wanted_at_most = subscription.tag == kReadable ? 0 : 2;
  const bool fits = subscription.id >= wanted_at_least && subscription.id <= wanted_at_most;
  if (!fits || !guest.open[subscription.id]) {
    event.error = static_cast<std::uint16_t>(Errno::kBadf);
  } else if (subscription.tag == kReadable) {
    event.bytes = guest.inputs().standard_input.size() - guest.read_from_stdin;
  }
  return event;
}

Hosted<Errno> poll_oneoff(Guest& guest, std::uint32_t in, std::uint32_t out, std::uint32_t count,
                          std::uint32_t result) {
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  const GuestMemory& memory = guest.memory();
  std::vector<Event> ready;
  std::vector<Subscription> clocks;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto subscription = memory.read<Subscription>(in + i * sizeof(Subscription));
    if (!subscription) return Errno::kFault;
    if (subscription->tag == kClock) {
      clocks.push_back(*subscription);
    } else if (subscription->tag <= kWritable) {
      ready.push_back(descriptor_event(guest, *subscription));
    } else {
      return Errno::kInval;
    }
  }
  const nanoseconds slept = guest.slept();
  nanoseconds shortest = nanoseconds::max();
  for (const Subscription& clock : clocks) {
    const auto wait = remaining(clock, slept);
    const auto error = static_cast<std::uint16_t>(wait ? Errno::kSuccess : Errno::kNotsup);
    if (!wait || *wait == nanoseconds::zero()) ready.push_back({.user_data = clock.user_data, .error = error});
    else shortest = std::min(shortest, *wait);
  }
  if (ready.empty()) {
    guest.sleep(shortest);
    return waiting();
  }
  guest.end_sleep();
  for (std::uint64_t i = 0; i < ready.size(); ++i) {
    if (!memory.write(out + i * sizeof(Event), ready[i])) return Errno::kFault;
  }
  return memory.write(result, static_cast<std::uint32_t>(ready.size())) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {
    host_function<clock_res_get>(kModule, "clock_res_get"),
    host_function<clock_time_get>(kModule, "clock_time_get"),
    waiting_host_function<poll_oneoff>(kModule, "poll_oneoff"),
};

}  // namespace

std::span<const HostFunction> clock_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
