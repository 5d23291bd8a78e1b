#pragma once

#include "base/unique_fd.h"
#include "sandbox/vfs/volume.h"

namespace mayfly::sandbox::vfs {

// An open directory of a volume.
class VolumeDirectory final : public Directory {
 public:
  // `fd` is of `owned`, or of the volume.
  VolumeDirectory(const Volume& volume, int fd, UniqueFd owned) : volume_(volume), fd_(fd), owned_(std::move(owned)) {}

  Try<Opened> open(const Path& path, const OpenOptions& options) override;
  Try<Stat> stat() override;
  Try<Stat> stat(const Path& path, Follow follow) override;
  Try<void> set_times(const Times& times) override;
  Try<void> set_times(const Path& path, Follow follow, const Times& times) override;
  Try<void> create_directory(const Path& path) override;
  Try<void> remove_directory(const Path& path) override;
  Try<void> unlink(const Path& path) override;
  Try<void> symlink(std::string_view target, const Path& path) override;
  Try<std::string> read_link(const Path& path) override;
  Try<void> rename(const Path& from, Directory& to_directory, const Path& to) override;
  Try<void> link(const Path& from, Directory& to_directory, const Path& to) override;
  Try<void> list(std::uint64_t cookie, const std::function<bool(const Entry&)>& take) override;
  Try<std::optional<Syncing>> sync() override;

 private:
  class LastName;

  Try<VolumeDirectory*> neighbour(Directory& directory) const;

  const Volume& volume_;
  int fd_;
  UniqueFd owned_;
};

}  // namespace mayfly::sandbox::vfs
