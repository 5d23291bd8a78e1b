#include "sandbox/vfs/volume_directory.h"

#include "sandbox/vfs/host_file.h"
#include "sandbox/vfs/openat2.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace mayfly::sandbox::vfs {
namespace {

constexpr mode_t kFileMode = 0666, kDirectoryMode = 0777;  // less the server's umask

int nofollow(Follow follow) { return follow == Follow::kYes ? 0 : O_NOFOLLOW; }

int flags_of(const OpenOptions& options) {
  int flags = options.write ? (options.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.directory) flags |= O_DIRECTORY;
  if (!options.follow) flags |= O_NOFOLLOW;
  if (options.sync) flags |= O_SYNC;
  if (options.data_sync) flags |= O_DSYNC;
  return flags | O_NONBLOCK | O_NOCTTY;  // of a FIFO, nobody waits
}

Try<void> set_times_of(int fd, const Times& times) { return checked(::utimensat(fd, "", times.data(), AT_EMPTY_PATH)); }

}  // namespace

// The last name of a path and the directory that has it, for the calls that do not follow it: it is one name, no
// `..`, and so leads nowhere else.
class VolumeDirectory::LastName {
 public:
  // `not_an_entry` is the error for `.` and `..`.
  static Try<LastName> find(const VolumeDirectory& directory, const Path& path, int not_an_entry) {
    LastName found(directory.fd_, path.ends_in_slash());
    if (!path.parent().empty()) {
      auto parent = open_beneath(directory.fd_, path.parent(), O_PATH | O_DIRECTORY);
      if (!parent) return tl::unexpected(parent.error());
      found.owned_ = std::move(*parent);
      found.fd_ = found.owned_.get();
    }
    if (!path.names_entry()) return failed(not_an_entry);
    if (path.name().size() > NAME_MAX) return failed(ENAMETOOLONG);
    *std::ranges::copy(path.name(), found.name_.begin()).out = '\0';
    return found;
  }

  int fd() const { return fd_; }
  const char* name() const { return name_.data(); }
  bool slash() const { return slash_; }

  // Of what is there, which may be a symbolic link.
  Try<mode_t> mode() const {
    struct stat found;
    if (::fstatat(fd_, name(), &found, AT_SYMLINK_NOFOLLOW) != 0) return failed(errno);
    return found.st_mode;
  }
  // ENOENT where a slash follows the name of what is still to be made and no directory.
  Try<void> check_new() const {
    return slash_ ? mode().map([](mode_t) {}) : Try<void>();
  }

 private:
  LastName(int fd, bool slash) : fd_(fd), slash_(slash) {}

  UniqueFd owned_;
  int fd_;
  bool slash_;
  std::array<char, NAME_MAX + 1> name_;
};

Try<VolumeDirectory*> VolumeDirectory::neighbour(Directory& directory) const {
  auto* other = dynamic_cast<VolumeDirectory*>(&directory);
  if (other == nullptr || &other->volume_ != &volume_) return failed(EXDEV);
  return other;
}

Try<Opened> VolumeDirectory::open(const Path& path, const OpenOptions& given) {
  OpenOptions options = given;
  const bool read_only = !volume_.writable();
  if (read_only && (options.write || options.truncate)) return failed(EROFS);
  if (read_only) options.create = options.create && options.exclusive && stat(path, Follow::kNo);  // then EEXIST
  auto fd = open_beneath(fd_, path.text(), flags_of(options), options.create ? kFileMode : 0);
  if (!fd && read_only && given.create && fd.error() == std::errc::no_such_file_or_directory) return failed(EROFS);
  if (!fd) return tl::unexpected(fd.error());
  const auto found = stat_of(fd->get());
  if (!found) return tl::unexpected(found.error());
  if (found->type == FileType::kRegular) return std::make_unique<HostFile>(std::move(*fd), volume_);
  if (found->type != FileType::kDirectory) return failed(ENXIO);  // devices, FIFOs
  const int number = fd->get();
  return std::make_unique<VolumeDirectory>(volume_, number, std::move(*fd));
}

Try<Stat> VolumeDirectory::stat() { return stat_of(fd_); }

Try<Stat> VolumeDirectory::stat(const Path& path, Follow follow) {
  return open_beneath(fd_, path.text(), O_PATH | nofollow(follow)).and_then([](const UniqueFd& fd) {
    return stat_of(fd.get());
  });
}

Try<void> VolumeDirectory::set_times(const Times& times) {
  if (!volume_.writable()) return failed(EROFS);
  return set_times_of(fd_, times);
}

Try<void> VolumeDirectory::set_times(const Path& path, Follow follow, const Times& times) {
  if (!volume_.writable()) return failed(EROFS);
  return open_beneath(fd_, path.text(), O_PATH | nofollow(follow)).and_then([&](const UniqueFd& fd) {
    return set_times_of(fd.get(), times);
  });
}

Try<void> VolumeDirectory::create_directory(const Path& path) {
  if (!volume_.writable()) return failed(EROFS);
  return LastName::find(*this, path, EEXIST).and_then([](const LastName& last) {
    return checked(::mkdirat(last.fd(), last.name(), kDirectoryMode));
  });
}

Try<void> VolumeDirectory::remove_directory(const Path& path) {
  if (!volume_.writable()) return failed(EROFS);
  return LastName::find(*this, path, EINVAL).and_then([](const LastName& last) {
    return checked(::unlinkat(last.fd(), last.name(), AT_REMOVEDIR));
  });
}

Try<void> VolumeDirectory::unlink(const Path& path) {
  if (!volume_.writable()) return failed(EROFS);
  return LastName::find(*this, path, EISDIR).and_then([](const LastName& last) -> Try<void> {
    if (last.slash()) {
      const auto mode = last.mode();
      if (!mode) return tl::unexpected(mode.error());
      if (!S_ISDIR(*mode)) return failed(ENOTDIR);
    }
    return checked(::unlinkat(last.fd(), last.name(), 0));
  });
}

Try<void> VolumeDirectory::symlink(std::string_view target, const Path& path) {
  if (!volume_.writable()) return failed(EROFS);
  const auto text = parse_link_target(target);
  if (!text) return tl::unexpected(text.error());
  return LastName::find(*this, path, EEXIST).and_then([&](const LastName& last) -> Try<void> {
    if (auto allowed = last.check_new(); !allowed) return allowed;
    return checked(::symlinkat(std::string(*text).c_str(), last.fd(), last.name()));
  });
}

Try<std::string> VolumeDirectory::read_link(const Path& path) {
  const auto fd = open_beneath(fd_, path.text(), O_PATH | O_NOFOLLOW);
  if (!fd) return tl::unexpected(fd.error());
  std::array<char, PATH_MAX> text;
  const ssize_t length = ::readlinkat(fd->get(), "", text.data(), text.size());
  if (length < 0) return failed(errno == ENOENT ? EINVAL : errno);  // ENOENT: no symbolic link
  return std::string(text.data(), static_cast<std::size_t>(length));
}

Try<void> VolumeDirectory::rename(const Path& from_path, Directory& to_directory, const Path& to_path) {
  const auto other = neighbour(to_directory);
  if (!other) return tl::unexpected(other.error());
  if (!volume_.writable()) return failed(EROFS);
  const auto from = LastName::find(*this, from_path, EBUSY);
  if (!from) return tl::unexpected(from.error());
  const auto to = LastName::find(**other, to_path, EBUSY);
  if (!to) return tl::unexpected(to.error());
  const auto mode = from->mode();
  if (!mode) return tl::unexpected(mode.error());
  if ((from->slash() || to->slash()) && !S_ISDIR(*mode)) return failed(ENOTDIR);
  return checked(::renameat(from->fd(), from->name(), to->fd(), to->name()));
}

// A slash at the end of `from_path` makes stat() follow a symbolic link, to a directory: that is never linked.
Try<void> VolumeDirectory::link(const Path& from_path, Directory& to_directory, const Path& to_path) {
  const auto other = neighbour(to_directory);
  if (!other) return tl::unexpected(other.error());
  if (!volume_.writable()) return failed(EROFS);
  const auto found = stat(from_path, Follow::kNo);
  if (!found) return tl::unexpected(found.error());
  const auto to = LastName::find(**other, to_path, EEXIST);
  if (!to) return tl::unexpected(to.error());
  if (auto allowed = to->check_new(); !allowed) return allowed;
  if (found->type == FileType::kDirectory) return failed(to->mode() ? EEXIST : EPERM);
  const auto from = LastName::find(*this, from_path, EPERM);
  if (!from) return tl::unexpected(from.error());
  return checked(::linkat(from->fd(), from->name(), to->fd(), to->name(), 0));
}

Try<std::optional<Syncing>> VolumeDirectory::sync() {
  return open_beneath(fd_, ".", O_RDONLY | O_DIRECTORY).map([this](UniqueFd fd) {
    return std::optional<Syncing>({std::move(fd), Sync::kAll, volume_.syncing()});
  });
}

}  // namespace mayfly::sandbox::vfs
