#include "sandbox/vfs/host_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace mayfly::sandbox::vfs {
namespace {

constexpr std::uint64_t kLargestOffset = std::numeric_limits<off_t>::max();

Try<std::size_t> counted(ssize_t result) {
  if (result < 0) return failed(errno);
  return static_cast<std::size_t>(result);
}

std::uint64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// The kernel does not wait for a guest's memory whose pages are still to be made writable (engine/src/writes.rs): what
// it is going to write to is written to before.
void touch(Buffers into, std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  for (const iovec& buffer : into) {
    const std::size_t size = std::min(buffer.iov_len, bytes);
    auto* const start = static_cast<volatile char*>(buffer.iov_base);
    for (std::size_t at = 0; at < size; at += kPage) start[at] = start[at];
    if (size > 0) start[size - 1] = start[size - 1];
    bytes -= size;
  }
}

}  // namespace

Try<void> checked(int result) { return result == 0 ? Try<void>() : failed(errno); }

FileType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return FileType::kRegular;
    case S_IFDIR: return FileType::kDirectory;
    case S_IFLNK: return FileType::kSymbolicLink;
    case S_IFBLK: return FileType::kBlockDevice;
    case S_IFCHR: return FileType::kCharacterDevice;
    case S_IFSOCK: return FileType::kSocketStream;
    default: return FileType::kUnknown;
  }
}

Try<Stat> stat_of(int fd) {
  struct stat found;
  if (::fstat(fd, &found) != 0) return failed(errno);
  return Stat{
      .device = found.st_dev,
      .inode = found.st_ino,
      .type = type_of(found.st_mode),
      .links = found.st_nlink,
      .size = static_cast<std::uint64_t>(found.st_size),
      .accessed = nanoseconds(found.st_atim),
      .modified = nanoseconds(found.st_mtim),
      .changed = nanoseconds(found.st_ctim),
  };
}

Try<std::size_t> HostFile::read(Buffers into, std::uint64_t offset) {
  if (offset > kLargestOffset) return failed(EINVAL);
  const auto found = stat();
  if (!found) return tl::unexpected(found.error());
  touch(into, found->size > offset ? found->size - offset : kLargestOffset);  // what /proc has is not of its size
  return counted(::preadv(fd_.get(), into.data(), static_cast<int>(into.size()), static_cast<off_t>(offset)));
}

Try<std::size_t> HostFile::write(Buffers from, std::optional<std::uint64_t> offset) {
  if (offset.value_or(0) > kLargestOffset) return failed(EINVAL);
  return counted(::pwritev2(fd_.get(), from.data(), static_cast<int>(from.size()),
                            static_cast<off_t>(offset.value_or(0)), offset ? 0 : RWF_APPEND));
}

Try<void> HostFile::resize(std::uint64_t size) {
  if (!volume_.writable()) return failed(EROFS);
  if (size > kLargestOffset) return failed(EFBIG);
  return checked(::ftruncate(fd_.get(), static_cast<off_t>(size)));
}

Try<void> HostFile::allocate(std::uint64_t offset, std::uint64_t length) {
  if (!volume_.writable()) return failed(EROFS);
  if (offset > kLargestOffset || length > kLargestOffset - offset) return failed(EFBIG);
  return checked(::fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)));
}

Try<void> HostFile::set_times(const Times& times) {
  if (!volume_.writable()) return failed(EROFS);
  return checked(::futimens(fd_.get(), times.data()));
}

Try<void> HostFile::advise(std::uint64_t offset, std::uint64_t length, int advice) {
  if (offset > kLargestOffset || length > kLargestOffset) return failed(EINVAL);
  const int error = ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length), advice);
  return error == 0 ? Try<void>() : failed(error);
}

Try<std::optional<Syncing>> HostFile::sync(Sync what) {
  return duplicate(fd_.get()).map(
      [&](UniqueFd copy) { return std::optional<Syncing>({std::move(copy), what, volume_.syncing()}); });
}

}  // namespace mayfly::sandbox::vfs
