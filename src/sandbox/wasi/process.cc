// What a guest is told of its start, and how it ends: args_*, environ_*, proc_*, sched_yield, random_get.

#include "base/random.h"
#include "sandbox/wasi/preview1.h"

#include <algorithm>
#include <array>

namespace mayfly::sandbox::wasi {
namespace {

// Writes the strings one after another, each ended by a NUL, and the address of each to `pointers`.
Errno write_strings(const GuestMemory& memory, const std::vector<std::string>& strings, std::uint32_t pointers,
                    std::uint32_t buffer) {
  std::uint64_t next = buffer;
  std::uint64_t slot = pointers;
  for (const std::string& text : strings) {
    const auto bytes = memory.slice(next, text.size() + 1);
    if (!bytes || !memory.write(slot, static_cast<std::uint32_t>(next))) return Errno::kFault;
    std::ranges::copy(text, bytes->begin());
    bytes->back() = 0;
    next += bytes->size();
    slot += sizeof(std::uint32_t);
  }
  return Errno::kSuccess;
}

Errno write_sizes(const GuestMemory& memory, const std::vector<std::string>& strings, std::uint32_t count,
                  std::uint32_t size) {
  std::size_t bytes = 0;
  for (const std::string& text : strings) bytes += text.size() + 1;
  const bool written = memory.write(count, static_cast<std::uint32_t>(strings.size())) &&
                       memory.write(size, static_cast<std::uint32_t>(bytes));
  return written ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> args_get(Guest& guest, std::uint32_t pointers, std::uint32_t buffer) {
  return write_strings(guest.memory(), guest.inputs().arguments, pointers, buffer);
}

Hosted<Errno> args_sizes_get(Guest& guest, std::uint32_t count, std::uint32_t size) {
  return write_sizes(guest.memory(), guest.inputs().arguments, count, size);
}

Hosted<Errno> environ_get(Guest& guest, std::uint32_t pointers, std::uint32_t buffer) {
  return write_strings(guest.memory(), guest.inputs().environment, pointers, buffer);
}

Hosted<Errno> environ_sizes_get(Guest& guest, std::uint32_t count, std::uint32_t size) {
  return write_sizes(guest.memory(), guest.inputs().environment, count, size);
}

Hosted<void> proc_exit(Guest& guest, std::uint32_t code) {
  guest.exit(code);
  return stopped();
}

Hosted<Errno> proc_raise(Guest&, std::uint32_t) { return Errno::kNotsup; }

Hosted<Errno> sched_yield(Guest&) { return Errno::kSuccess; }

// In parts: filling a whole memory takes longer than a tick.
Hosted<Errno> random_get(Guest& guest, std::uint32_t address, std::uint32_t length) {
  const auto bytes = guest.memory().slice(address, length);
  if (!bytes) return Errno::kFault;
  const std::size_t part = std::min(bytes->size() - guest.progress, kHostCallBytes);
  if (!fill_random(bytes->subspan(guest.progress, part))) return Errno::kIo;
  guest.progress += part;
  if (guest.progress < bytes->size()) {
    guest.host().wake();
    return waiting();
  }
  guest.progress = 0;
  return Errno::kSuccess;
}

constexpr std::array kFunctions = {
    host_function<args_get>(kModule, "args_get"),       host_function<args_sizes_get>(kModule, "args_sizes_get"),
    host_function<environ_get>(kModule, "environ_get"), host_function<environ_sizes_get>(kModule, "environ_sizes_get"),
    host_function<proc_exit>(kModule, "proc_exit"),     host_function<proc_raise>(kModule, "proc_raise"),
    host_function<sched_yield>(kModule, "sched_yield"), waiting_host_function<random_get>(kModule, "random_get"),
};

}  // namespace

std::span<const HostFunction> process_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
