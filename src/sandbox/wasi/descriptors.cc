// The three standard descriptors: fd_* and sock_*.

#include "sandbox/wasi/preview1.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace mayfly::sandbox::wasi {
namespace {

enum : std::uint32_t { kStdin = 0, kStdout = 1, kStderr = 2 };

bool is_open(const Guest& guest, std::uint32_t fd) { return fd <= kStderr && guest.open[fd]; }

// The answer of a function that makes no sense on a stream.
template <Errno kOnStream, typename... Args>
Hosted<Errno> stream_only(Guest& guest, std::uint32_t fd, Args...) {
  return is_open(guest, fd) ? kOnStream : Errno::kBadf;
}

// The buffers of an fd_read or fd_write, checked; their lengths together fit into 32 bits.
tl::expected<std::vector<std::span<std::uint8_t>>, Errno> gather(const GuestMemory& memory, std::uint32_t iovecs,
                                                                 std::uint32_t count) {
  if (count > kMaxIovecs) return tl::unexpected(Errno::kInval);
  std::vector<std::span<std::uint8_t>> buffers;
  buffers.reserve(count);
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    struct Iovec {
      std::uint32_t address;
      std::uint32_t length;
    };
    const auto iovec = memory.read<Iovec>(iovecs + i * sizeof(Iovec));
    const auto buffer = iovec ? memory.slice(iovec->address, iovec->length) : std::nullopt;
    if (!buffer) return tl::unexpected(Errno::kFault);
    total += iovec->length;
    if (total > std::numeric_limits<std::uint32_t>::max()) return tl::unexpected(Errno::kInval);
    buffers.push_back(*buffer);
  }
  return buffers;
}

Status write_to(Guest& guest, std::uint32_t fd, std::string_view bytes) {
  if (fd == kStdout) return guest.host().write_output(bytes);
  guest.host().write_log(bytes);
  return {};
}

// Writes every buffer, in order: programs ignore a short count (seed 002's does). Waits in between for a client that
// does not keep up.
Hosted<Errno> fd_write(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count,
                       std::uint32_t written) {
  if (fd == kStdin || !is_open(guest, fd)) return Errno::kBadf;
  const auto buffers = gather(guest.memory(), iovecs, count);
  if (!buffers) return buffers.error();

  std::size_t total = 0;  // bytes of the buffers so far; those before guest.progress are written
  for (const auto buffer : *buffers) {
    std::string_view rest(reinterpret_cast<const char*>(buffer.data()), buffer.size());
    total += rest.size();
    while (guest.progress < total) {
      if (fd == kStdout && !guest.host().output_ready()) return waiting();
      const std::string_view part = rest.substr(rest.size() - (total - guest.progress), kHostCallBytes);
      if (auto taken = write_to(guest, fd, part); !taken) {
        guest.stop(std::move(taken.error()));
        return stopped();
      }
      guest.progress += part.size();
    }
  }
  guest.progress = 0;
  return guest.memory().write(written, static_cast<std::uint32_t>(total)) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_read(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count, std::uint32_t read) {
  if (fd != kStdin || !is_open(guest, fd)) return Errno::kBadf;
  const auto buffers = gather(guest.memory(), iovecs, count);
  if (!buffers) return buffers.error();
  std::string_view left = guest.inputs().standard_input.substr(guest.read_from_stdin);
  std::uint32_t total = 0;
  for (const auto buffer : *buffers) {
    const std::string_view part = left.substr(0, buffer.size());
    std::ranges::copy(part, buffer.begin());
    left.remove_prefix(part.size());
    total += static_cast<std::uint32_t>(part.size());
  }
  if (!guest.memory().write(read, total)) return Errno::kFault;
  guest.read_from_stdin += total;
  return Errno::kSuccess;
}

Hosted<Errno> fd_close(Guest& guest, std::uint32_t fd) {
  if (!is_open(guest, fd)) return Errno::kBadf;
  guest.open[fd] = false;
  return Errno::kSuccess;
}

Hosted<Errno> fd_renumber(Guest& guest, std::uint32_t from, std::uint32_t to) {
  return is_open(guest, from) && is_open(guest, to) ? Errno::kNotsup : Errno::kBadf;
}

Hosted<Errno> fd_fdstat_get(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  struct FdStat {
    std::uint8_t type = 0;  // unknown: neither a terminal nor a file
    std::uint8_t padding = 0;
    std::uint16_t flags = 0;
    std::uint32_t padding2 = 0;
    std::uint64_t rights = 0;
    std::uint64_t inheriting = 0;
  };
  static_assert(sizeof(FdStat) == 24);
  constexpr std::uint64_t kRightRead = 1 << 1;
  constexpr std::uint64_t kRightWrite = 1 << 6;
  constexpr std::uint64_t kRightPoll = 1 << 27;
  if (!is_open(guest, fd)) return Errno::kBadf;
  const FdStat stat{.rights = kRightPoll | (fd == kStdin ? kRightRead : kRightWrite)};
  return guest.memory().write(result, stat) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_filestat_get(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  struct FileStat {
    std::uint64_t device = 0, inode = 0;
    std::uint8_t type = 0;
    std::uint8_t padding[7] = {};
    std::uint64_t links = 0, size = 0, accessed = 0, modified = 0, changed = 0;
  };
  static_assert(sizeof(FileStat) == 64);
  if (!is_open(guest, fd)) return Errno::kBadf;
  return guest.memory().write(result, FileStat{}) ? Errno::kSuccess : Errno::kFault;
}

// Flags such as non-blocking change nothing: a standard descriptor never makes a guest try again.
Hosted<Errno> fd_fdstat_set_flags(Guest& guest, std::uint32_t fd, std::uint32_t /*flags*/) {
  return is_open(guest, fd) ? Errno::kSuccess : Errno::kBadf;
}

// There are no preopened directories: the first number asked for, 3, ends the search of every libc.
Hosted<Errno> fd_prestat_get(Guest& guest, std::uint32_t fd, std::uint32_t) {
  return is_open(guest, fd) ? Errno::kNotsup : Errno::kBadf;
}

using U32 = std::uint32_t;
using U64 = std::uint64_t;

constexpr std::array kFunctions = {
    host_function<stream_only<Errno::kSpipe, U64, U64, U32>>(kModule, "fd_advise"),
    host_function<stream_only<Errno::kInval, U64, U64>>(kModule, "fd_allocate"),
    host_function<fd_close>(kModule, "fd_close"),
    host_function<stream_only<Errno::kInval>>(kModule, "fd_datasync"),
    host_function<fd_fdstat_get>(kModule, "fd_fdstat_get"),
    host_function<fd_fdstat_set_flags>(kModule, "fd_fdstat_set_flags"),
    host_function<stream_only<Errno::kNotsup, U64, U64>>(kModule, "fd_fdstat_set_rights"),
    host_function<fd_filestat_get>(kModule, "fd_filestat_get"),
    host_function<stream_only<Errno::kInval, U64>>(kModule, "fd_filestat_set_size"),
    host_function<stream_only<Errno::kInval, U64, U64, U32>>(kModule, "fd_filestat_set_times"),
    host_function<stream_only<Errno::kSpipe, U32, U32, U64, U32>>(kModule, "fd_pread"),
    host_function<fd_prestat_get>(kModule, "fd_prestat_get"),
    host_function<stream_only<Errno::kNotsup, U32, U32>>(kModule, "fd_prestat_dir_name"),
    host_function<stream_only<Errno::kSpipe, U32, U32, U64, U32>>(kModule, "fd_pwrite"),
    host_function<fd_read>(kModule, "fd_read"),
    host_function<stream_only<Errno::kNotdir, U32, U32, U64, U32>>(kModule, "fd_readdir"),
    host_function<fd_renumber>(kModule, "fd_renumber"),
    host_function<stream_only<Errno::kSpipe, U64, U32, U32>>(kModule, "fd_seek"),
    host_function<stream_only<Errno::kInval>>(kModule, "fd_sync"),
    host_function<stream_only<Errno::kSpipe, U32>>(kModule, "fd_tell"),
    waiting_host_function<fd_write>(kModule, "fd_write"),
    host_function<stream_only<Errno::kNotsock, U32, U32>>(kModule, "sock_accept"),
    host_function<stream_only<Errno::kNotsock, U32, U32, U32, U32, U32>>(kModule, "sock_recv"),
    host_function<stream_only<Errno::kNotsock, U32, U32, U32, U32>>(kModule, "sock_send"),
    host_function<stream_only<Errno::kNotsock, U32>>(kModule, "sock_shutdown"),
};

}  // namespace

std::span<const HostFunction> descriptor_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
