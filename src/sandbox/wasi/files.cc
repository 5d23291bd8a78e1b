// What an open descriptor is and where it stands: fd_close, fd_renumber, fd_seek, fd_fdstat_*, fd_filestat_*.

#include "sandbox/wasi/preview1.h"
#include "sandbox/wasi/times.h"

#include <fcntl.h>

#include <array>
#include <limits>

namespace mayfly::sandbox::wasi {
namespace {

Hosted<Errno> fd_close(Guest& guest, std::uint32_t fd) {
  return guest.descriptors().close(fd) ? Errno::kSuccess : Errno::kBadf;
}

Hosted<Errno> fd_renumber(Guest& guest, std::uint32_t from, std::uint32_t to) {
  return guest.descriptors().renumber(from, to) ? Errno::kSuccess : Errno::kBadf;
}

FdStat stat_of(const OpenFile& open) {
  std::uint64_t rights = kFileRights;
  if (open.readable) rights |= kRightFdRead;
  if (open.writable) rights |= kRightFdWrite;
  return {.type = vfs::FileType::kRegular, .flags = open.flags, .rights = rights, .inheriting = rights};
}

// The type of a standard descriptor is unknown: it is neither a terminal nor a file.
Hosted<Errno> fd_fdstat_get(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  Descriptor* descriptor = guest.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  FdStat stat{.rights = kRightPoll | kRightFdWrite};
  if (std::holds_alternative<StandardInput>(*descriptor)) {
    stat.rights = kRightPoll | kRightFdRead;
  } else if (const auto* file = std::get_if<OpenFile>(descriptor)) {
    stat = stat_of(*file);
  } else if (std::holds_alternative<OpenDirectory>(*descriptor)) {
    stat = {.type = vfs::FileType::kDirectory,
            .rights = kDirectoryRights,
            .inheriting = kDirectoryRights | kFileRights | kRightFdRead | kRightFdWrite};
  }
  return guest.memory().write(result, stat) ? Errno::kSuccess : Errno::kFault;
}

// Non-blocking changes nothing, of any descriptor: none makes a guest try again. Syncing is decided when a file is
// opened.
Hosted<Errno> fd_fdstat_set_flags(Guest& guest, std::uint32_t fd, std::uint32_t flags) {
  constexpr std::uint32_t kMayChange = kFdAppend | kFdNonblock;
  Descriptor* descriptor = guest.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  auto* file = std::get_if<OpenFile>(descriptor);
  if (file == nullptr) return Errno::kSuccess;
  if (flags > kAllFdFlags || ((flags ^ file->flags) & ~kMayChange) != 0) return Errno::kInval;
  file->flags = static_cast<std::uint16_t>(flags);
  return Errno::kSuccess;
}

// Rights follow from how a descriptor was opened; wasi-libc has not asked to drop any for years.
Hosted<Errno> fd_fdstat_set_rights(Guest& guest, std::uint32_t fd, std::uint64_t, std::uint64_t) {
  return guest.descriptors().find(fd) == nullptr ? Errno::kBadf : Errno::kNotsup;
}

Hosted<Errno> fd_filestat_get(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  Descriptor* descriptor = guest.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  vfs::Try<vfs::Stat> stat;
  if (auto* file = std::get_if<OpenFile>(descriptor)) {
    stat = file->file->stat();
  } else if (std::holds_alternative<OpenDirectory>(*descriptor)) {
    const auto directory = guest.descriptors().directory(fd);
    if (!directory) return directory.error();
    stat = (*directory)->stat();
  }
  if (!stat) return errno_of(stat.error());
  return guest.memory().write(result, record_of(*stat)) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_filestat_set_size(Guest& guest, std::uint32_t fd, std::uint64_t size) {
  const auto file = guest.descriptors().file(fd, Errno::kInval);
  if (!file) return file.error();
  return (*file)->writable ? errno_of((*file)->file->resize(size)) : Errno::kInval;  // as ftruncate
}

Hosted<Errno> fd_filestat_set_times(Guest& guest, std::uint32_t fd, std::uint64_t access, std::uint64_t modify,
                                    std::uint32_t flags) {
  const auto times = times_of(access, modify, flags);
  if (!times) return Errno::kInval;
  if (guest.descriptors().find_as<OpenDirectory>(fd) != nullptr) {
    const auto directory = guest.descriptors().directory(fd);
    return directory ? errno_of((*directory)->set_times(*times)) : directory.error();
  }
  const auto file = guest.descriptors().file(fd, Errno::kBadf);
  return file ? errno_of((*file)->file->set_times(*times)) : file.error();
}

// The end of an offset from a place, when it is one of a file.
std::optional<std::uint64_t> moved(std::uint64_t from, std::int64_t by) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t to = from + static_cast<std::uint64_t>(by);  // modulo 2^64
  if (from > kLargest || to > kLargest) return std::nullopt;
  return to;
}

Hosted<Errno> fd_seek(Guest& guest, std::uint32_t fd, std::uint64_t by, std::uint32_t whence, std::uint32_t result) {
  const auto file = guest.descriptors().file(fd, Errno::kSpipe);
  if (!file) return file.error();
  if (!guest.memory().slice(result, sizeof(std::uint64_t))) return Errno::kFault;
  std::uint64_t from = 0;
  if (whence == kFromCurrent) {
    from = (*file)->position;
  } else if (whence == kFromEnd) {
    const auto stat = (*file)->file->stat();
    if (!stat) return errno_of(stat.error());
    from = stat->size;
  } else if (whence != kFromStart) {
    return Errno::kInval;
  }
  const auto to = moved(from, static_cast<std::int64_t>(by));
  if (!to) return Errno::kInval;
  (*file)->position = *to;
  return guest.memory().write(result, *to) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_tell(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  const auto file = guest.descriptors().file(fd, Errno::kSpipe);
  if (!file) return file.error();
  return guest.memory().write(result, (*file)->position) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_advise(Guest& guest, std::uint32_t fd, std::uint64_t offset, std::uint64_t length,
                        std::uint32_t advice) {
  constexpr std::array kAdvice = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  const auto file = guest.descriptors().file(fd, Errno::kSpipe);
  if (!file) return file.error();
  if (advice >= kAdvice.size()) return Errno::kInval;
  return errno_of((*file)->file->advise(offset, length, kAdvice[advice]));
}

Hosted<Errno> fd_allocate(Guest& guest, std::uint32_t fd, std::uint64_t offset, std::uint64_t length) {
  const auto file = guest.descriptors().file(fd, Errno::kInval);
  if (!file) return file.error();
  if (length == 0) return Errno::kInval;
  return (*file)->writable ? errno_of((*file)->file->allocate(offset, length)) : Errno::kBadf;
}

constexpr std::array kFunctions = {
    host_function<fd_advise>(kModule, "fd_advise"),
    host_function<fd_allocate>(kModule, "fd_allocate"),
    host_function<fd_close>(kModule, "fd_close"),
    host_function<fd_fdstat_get>(kModule, "fd_fdstat_get"),
    host_function<fd_fdstat_set_flags>(kModule, "fd_fdstat_set_flags"),
    host_function<fd_fdstat_set_rights>(kModule, "fd_fdstat_set_rights"),
    host_function<fd_filestat_get>(kModule, "fd_filestat_get"),
    host_function<fd_filestat_set_size>(kModule, "fd_filestat_set_size"),
    host_function<fd_filestat_set_times>(kModule, "fd_filestat_set_times"),
    host_function<fd_renumber>(kModule, "fd_renumber"),
    host_function<fd_seek>(kModule, "fd_seek"),
    host_function<fd_tell>(kModule, "fd_tell"),
};

}  // namespace

std::span<const HostFunction> file_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
