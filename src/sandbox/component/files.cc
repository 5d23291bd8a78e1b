#include "sandbox/component/files.h"

#include "sandbox/component/border.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <optional>

namespace mayfly::sandbox::component {

using vfs::Try;
using wasi::OpenDirectory;
using wasi::OpenFile;

namespace {

constexpr std::uint32_t kFirstMount = 3;  // after the standard descriptors

int number_of(std::errc error) { return static_cast<int>(error); }
int number_of(const Try<void>& done) { return done ? 0 : number_of(done.error()); }

Try<OpenFile*> file_of(Guest& guest, std::uint32_t fd) {
  if (auto* file = guest.descriptors().find_as<OpenFile>(fd)) return file;
  return vfs::failed(guest.descriptors().find_as<OpenDirectory>(fd) != nullptr ? EISDIR : EBADF);
}

Try<vfs::Directory*> directory_of(Guest& guest, std::uint32_t fd) {
  if (guest.descriptors().find_as<OpenDirectory>(fd) == nullptr) return vfs::failed(ENOTDIR);
  const auto directory = guest.descriptors().directory(fd);
  if (!directory) return vfs::failed(EIO);  // a mount that cannot be opened
  return *directory;
}

// A directory and a path from it.
struct Target {
  vfs::Directory* directory;
  vfs::Path path;
};

Try<Target> target_of(Guest& guest, std::uint32_t fd, mayfly_bytes_t text) {
  const auto directory = directory_of(guest, fd);
  if (!directory) return tl::unexpected(directory.error());
  const auto path = vfs::Path::parse(view_of(text));
  if (!path) return tl::unexpected(path.error());
  return Target{*directory, *path};
}

vfs::Follow follow(bool follows) { return follows ? vfs::Follow::kYes : vfs::Follow::kNo; }

timespec time_of(const mayfly_time_t& time) {
  if (time.now) return {0, UTIME_NOW};
  if (!time.set) return {0, UTIME_OMIT};
  return {time.seconds, time.nanoseconds};
}

Try<vfs::Stat> stat_of(Guest& guest, std::uint32_t fd, mayfly_bytes_t path, bool of_itself, bool follows) {
  if (!of_itself) {
    const auto at = target_of(guest, fd, path);
    return at ? at->directory->stat(at->path, follow(follows)) : tl::unexpected(at.error());
  }
  if (auto* file = guest.descriptors().find_as<OpenFile>(fd)) return file->file->stat();
  const auto directory = directory_of(guest, fd);
  return directory ? (*directory)->stat() : tl::unexpected(directory.error());
}

Try<std::optional<vfs::Syncing>> start_sync(Guest& guest, std::uint32_t fd, vfs::Sync what) {
  if (auto* file = guest.descriptors().find_as<OpenFile>(fd)) return file->file->sync(what);
  const auto directory = directory_of(guest, fd);
  if (!directory) return tl::unexpected(directory.error());
  return (*directory)->sync();
}

}  // namespace

struct Files::Wait {
  Handle<mayfly_sync_t, mayfly_sync_delete> sync;
  std::optional<wasi::DiskWait> disk;
};

struct Files::Callbacks {
  static Files& files(void* self) { return *static_cast<Files*>(self); }
  static Guest& guest(void* self) { return files(self).guest_; }

  static mayfly_bytes_t mount_path(void* self, std::uint32_t index) {
    return bytes_of(guest(self).inputs().mounts[index].path);
  }

  static int open(void* self, std::uint32_t fd, mayfly_bytes_t path, mayfly_open_t wanted, std::uint32_t* opened,
                  bool* is_directory) {
    const auto at = target_of(guest(self), fd, path);
    if (!at) return number_of(at.error());
    wasi::Descriptors& descriptors = guest(self).descriptors();
    if (descriptors.full()) return EMFILE;
    auto made = at->directory->open(at->path, {.read = wanted.read,
                                               .write = wanted.write,
                                               .create = wanted.create,
                                               .exclusive = wanted.exclusive,
                                               .truncate = wanted.truncate,
                                               .directory = wanted.directory,
                                               .follow = wanted.follow,
                                               .sync = wanted.sync,
                                               .data_sync = wanted.data_sync});
    if (!made) return number_of(made.error());
    auto* directory = std::get_if<std::unique_ptr<vfs::Directory>>(&*made);
    *is_directory = directory != nullptr;
    *opened = directory != nullptr
                  ? descriptors.add(OpenDirectory{nullptr, std::move(*directory)})
                  : descriptors.add(OpenFile{.file = std::move(std::get<std::unique_ptr<vfs::File>>(*made)),
                                             .readable = wanted.read,
                                             .writable = wanted.write});
    return 0;
  }

  static void close(void* self, std::uint32_t fd) { guest(self).descriptors().close(fd); }

  static int read(void* self, std::uint32_t fd, std::uint64_t offset, std::uint8_t* into, std::size_t room,
                  std::size_t* length) {
    const auto open = file_of(guest(self), fd);
    if (!open) return number_of(open.error());
    if (!(*open)->readable) return EBADF;
    const std::array buffers = {iovec{into, room}};
    const auto got = (*open)->file->read(buffers, offset);
    if (!got) return number_of(got.error());
    *length = *got;
    return 0;
  }

  static int write(void* self, std::uint32_t fd, std::uint64_t offset, bool append, mayfly_bytes_t bytes,
                   std::size_t* written) {
    const auto open = file_of(guest(self), fd);
    if (!open) return number_of(open.error());
    if (!(*open)->writable) return EBADF;
    // An iovec is for both directions; what is written is only read.
    const std::array buffers = {iovec{const_cast<std::uint8_t*>(bytes.data), bytes.length}};
    const auto taken = (*open)->file->write(buffers, append ? std::nullopt : std::optional(offset));
    if (!taken) return number_of(taken.error());
    *written = *taken;
    return 0;
  }

  static int resize(void* self, std::uint32_t fd, std::uint64_t size) {
    const auto open = file_of(guest(self), fd);
    if (!open) return number_of(open.error());
    return (*open)->writable ? number_of((*open)->file->resize(size)) : EINVAL;  // as ftruncate
  }

  static int advise(void* self, std::uint32_t fd, std::uint64_t offset, std::uint64_t length, std::uint8_t advice) {
    constexpr std::array kAdvice = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                    POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    const auto open = file_of(guest(self), fd);
    if (!open) return number_of(open.error());
    return advice < kAdvice.size() ? number_of((*open)->file->advise(offset, length, kAdvice[advice])) : EINVAL;
  }

  static int stat(void* self, std::uint32_t fd, mayfly_bytes_t path, bool of_itself, bool follows,
                  mayfly_stat_t* result) {
    const auto found = stat_of(guest(self), fd, path, of_itself, follows);
    if (!found) return number_of(found.error());
    *result = {.device = found->device,
               .inode = found->inode,
               .kind = static_cast<std::uint8_t>(found->type),
               .links = found->links,
               .size = found->size,
               .accessed = found->accessed,
               .modified = found->modified,
               .changed = found->changed};
    return 0;
  }

  static int set_times(void* self, std::uint32_t fd, mayfly_bytes_t path, bool of_itself, bool follows,
                       mayfly_time_t accessed, mayfly_time_t modified) {
    const vfs::Times times = {time_of(accessed), time_of(modified)};
    Guest& guest = Callbacks::guest(self);
    if (!of_itself) {
      const auto at = target_of(guest, fd, path);
      return at ? number_of(at->directory->set_times(at->path, follow(follows), times)) : number_of(at.error());
    }
    if (auto* file = guest.descriptors().find_as<OpenFile>(fd)) return number_of(file->file->set_times(times));
    const auto directory = directory_of(guest, fd);
    return directory ? number_of((*directory)->set_times(times)) : number_of(directory.error());
  }

  static int change(void* self, mayfly_change_t what, std::uint32_t fd, mayfly_bytes_t path, std::uint32_t other_fd,
                    mayfly_bytes_t other) {
    Guest& guest = Callbacks::guest(self);
    const auto at = target_of(guest, fd, path);
    if (!at) return number_of(at.error());
    switch (what) {
      case MAYFLY_CHANGE_T_CREATE_DIRECTORY: return number_of(at->directory->create_directory(at->path));
      case MAYFLY_CHANGE_T_REMOVE_DIRECTORY: return number_of(at->directory->remove_directory(at->path));
      case MAYFLY_CHANGE_T_UNLINK: return number_of(at->directory->unlink(at->path));
      case MAYFLY_CHANGE_T_SYMLINK: return number_of(at->directory->symlink(view_of(other), at->path));
      case MAYFLY_CHANGE_T_RENAME:
      case MAYFLY_CHANGE_T_LINK: break;
    }
    const auto to = target_of(guest, other_fd, other);
    if (!to) return number_of(to.error());
    return number_of(what == MAYFLY_CHANGE_T_RENAME ? at->directory->rename(at->path, *to->directory, to->path)
                                                    : at->directory->link(at->path, *to->directory, to->path));
  }

  static int read_link(void* self, std::uint32_t fd, mayfly_bytes_t path, mayfly_take_text_t take, void* into) {
    const auto at = target_of(guest(self), fd, path);
    if (!at) return number_of(at.error());
    const auto text = at->directory->read_link(at->path);
    if (!text) return number_of(text.error());
    take(into, bytes_of(*text));
    return 0;
  }

  static int list(void* self, std::uint32_t fd, std::uint64_t cookie, mayfly_take_entry_t take, void* into) {
    const auto directory = directory_of(guest(self), fd);
    if (!directory) return number_of(directory.error());
    return number_of((*directory)->list(cookie, [&](const vfs::Entry& entry) {
      return take(into, bytes_of(entry.name), static_cast<std::uint8_t>(entry.type), entry.next);
    }));
  }

  static int sync(void* self, std::uint32_t fd, bool data_only, mayfly_sync_t* sync) {
    Files& files = Callbacks::files(self);
    auto started = start_sync(files.guest_, fd, data_only ? vfs::Sync::kData : vfs::Sync::kAll);
    if (!started) return number_of(started.error());
    if (!*started) {
      mayfly_sync_answer(sync, 0);
      return 0;
    }
    Wait& wait = files.waits_.emplace_front();
    wait.sync.reset(sync);
    wait.disk.emplace(std::move(**started), files.guest_.host().loop(), [&files, at = files.waits_.begin()] {
      const int result = number_of(*at->disk->result());
      mayfly_sync_t* answered = at->sync.release();
      files.waits_.erase(at);
      mayfly_sync_answer(answered, result);
    });
    return 0;
  }
};

Files::Files(Guest& guest) : guest_(guest) {}

Files::~Files() = default;

EngineFiles Files::callbacks() {
  return {{.data = this,
           .mount_count = static_cast<std::uint32_t>(guest_.inputs().mounts.size()),
           .first_mount = kFirstMount,
           .mount_path = Callbacks::mount_path,
           .open = Callbacks::open,
           .close = Callbacks::close,
           .read = Callbacks::read,
           .write = Callbacks::write,
           .resize = Callbacks::resize,
           .advise = Callbacks::advise,
           .stat = Callbacks::stat,
           .set_times = Callbacks::set_times,
           .change = Callbacks::change,
           .read_link = Callbacks::read_link,
           .list = Callbacks::list,
           .sync = Callbacks::sync}};
}

}  // namespace mayfly::sandbox::component
