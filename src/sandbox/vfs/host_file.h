#pragma once

#include "base/unique_fd.h"
#include "sandbox/vfs/volume.h"

#include <sys/stat.h>

namespace mayfly::sandbox::vfs {

// The answer of a system call that returns 0, or -1 and errno.
Try<void> checked(int result);

FileType type_of(mode_t mode);
Try<Stat> stat_of(int fd);  // O_PATH is enough

// An open regular file of a volume.
class HostFile final : public File {
 public:
  // A read-only volume refuses even what the kernel allows through a descriptor that is open for reading.
  HostFile(UniqueFd fd, const Volume& volume) : fd_(std::move(fd)), volume_(volume) {}

  Try<std::size_t> read(Buffers into, std::uint64_t offset) override;
  Try<std::size_t> write(Buffers from, std::optional<std::uint64_t> offset) override;
  Try<Stat> stat() override { return stat_of(fd_.get()); }
  Try<void> resize(std::uint64_t size) override;
  Try<void> allocate(std::uint64_t offset, std::uint64_t length) override;
  Try<void> set_times(const Times& times) override;
  Try<void> advise(std::uint64_t offset, std::uint64_t length, int advice) override;
  Try<std::optional<Syncing>> sync(Sync what) override;

 private:
  UniqueFd fd_;
  const Volume& volume_;
};

}  // namespace mayfly::sandbox::vfs
