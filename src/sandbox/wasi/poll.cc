// poll_oneoff: waits on the loop, not on a thread.

#include "sandbox/wasi/clock.h"
#include "sandbox/wasi/preview1.h"

#include <algorithm>
#include <array>
#include <vector>

namespace mayfly::sandbox::wasi {
namespace {

using std::chrono::nanoseconds;

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
constexpr std::uint16_t kHangup = 1;

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

void fail(Event& event, Errno error) { event.error = static_cast<std::uint16_t>(error); }

// A file can always be read; at its end, that is what a reader learns.
void describe_readable(Guest& guest, std::uint32_t fd, Event& event) {
  if (const auto* input = guest.descriptors().find_as<StandardInput>(fd)) {
    event.bytes = guest.inputs().standard_input.size() - input->position;
  } else if (auto* open = guest.descriptors().find_as<OpenFile>(fd); open != nullptr && open->readable) {
    const auto stat = open->file->stat();
    if (!stat) return fail(event, errno_of(stat.error()));
    event.bytes = stat->size > open->position ? stat->size - open->position : 0;
    if (event.bytes == 0) event.flags = kHangup;
  } else {
    fail(event, Errno::kBadf);
  }
}

// The event of a descriptor subscription; nullopt while there is none: only stdout ever waits, for its client.
std::optional<Event> descriptor_event(Guest& guest, const Subscription& subscription) {
  Event event{.user_data = subscription.user_data, .type = subscription.tag};
  if (subscription.tag == kReadable) {
    describe_readable(guest, subscription.id, event);
    return event;
  }
  Descriptors& descriptors = guest.descriptors();
  if (descriptors.find_as<StandardOutput>(subscription.id) != nullptr) {
    if (!guest.host().output_ready()) return std::nullopt;
    event.bytes = kHostCallBytes;
  } else if (const auto* open = descriptors.find_as<OpenFile>(subscription.id); open != nullptr && open->writable) {
    event.bytes = kHostCallBytes;
  } else if (descriptors.find_as<StandardError>(subscription.id) == nullptr) {
    fail(event, Errno::kBadf);
  }
  return event;
}

// What has happened, and how long to wait when nothing has.
struct Poll {
  std::vector<Event> ready;
  nanoseconds shortest = nanoseconds::max();

  // False for a kind of subscription there is not.
  bool add(Guest& guest, const Subscription& subscription) {
    if (subscription.tag > kWritable) return false;
    if (subscription.tag != kClock) {
      if (const auto event = descriptor_event(guest, subscription)) ready.push_back(*event);
      return true;
    }
    const auto wait = remaining(subscription, guest.slept());
    if (wait && *wait > nanoseconds::zero()) {
      shortest = std::min(shortest, *wait);
      return true;
    }
    Event& event = ready.emplace_back(Event{.user_data = subscription.user_data});
    if (!wait) fail(event, Errno::kNotsup);
    return true;
  }
};

Hosted<Errno> poll_oneoff(Guest& guest, std::uint32_t in, std::uint32_t out, std::uint32_t count,
                          std::uint32_t result) {
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  const GuestMemory& memory = guest.memory();
  if (!memory.slice(out, count * sizeof(Event)) || !memory.slice(result, sizeof(std::uint32_t))) return Errno::kFault;
  Poll poll;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto subscription = memory.read<Subscription>(in + i * sizeof(Subscription));
    if (!subscription) return Errno::kFault;
    if (!poll.add(guest, *subscription)) return Errno::kInval;
  }
  if (poll.ready.empty()) {
    if (poll.shortest < nanoseconds::max()) guest.sleep(poll.shortest);
    return waiting();
  }
  guest.end_sleep();
  for (std::uint64_t i = 0; i < poll.ready.size(); ++i) {
    if (!memory.write(out + i * sizeof(Event), poll.ready[i])) return Errno::kFault;
  }
  const auto events = static_cast<std::uint32_t>(poll.ready.size());
  return memory.write(result, events) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {waiting_host_function<poll_oneoff>(kModule, "poll_oneoff")};

}  // namespace

std::span<const HostFunction> poll_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
