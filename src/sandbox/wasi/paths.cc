// path_*: every path starts from a directory descriptor, and leads nowhere above it.

#include "sandbox/wasi/preview1.h"
#include "sandbox/wasi/times.h"

#include <algorithm>
#include <array>

namespace mayfly::sandbox::wasi {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

// A directory and a path from it.
struct Target {
  vfs::Directory* directory;
  vfs::Path path;
};

tl::expected<Target, Errno> target(Guest& guest, U32 fd, U32 address, U32 length) {
  const auto directory = guest.descriptors().directory(fd);
  if (!directory) return tl::unexpected(directory.error());
  const auto text = guest.memory().text(address, length);
  if (!text) return tl::unexpected(Errno::kFault);
  const auto path = vfs::Path::parse(*text);
  if (!path) return tl::unexpected(errno_of(path.error()));
  return Target{*directory, *path};
}

vfs::Follow follow(U32 lookup_flags) {
  return (lookup_flags & kLookupSymlinkFollow) != 0 ? vfs::Follow::kYes : vfs::Follow::kNo;
}

template <vfs::Try<void> (vfs::Directory::*kOperation)(const vfs::Path&)>
Hosted<Errno> at_path(Guest& guest, U32 fd, U32 path, U32 length) {
  const auto at = target(guest, fd, path, length);
  return at ? errno_of((at->directory->*kOperation)(at->path)) : at.error();
}

Hosted<Errno> path_rename(Guest& guest, U32 fd, U32 path, U32 length, U32 to_fd, U32 to_path, U32 to_length) {
  const auto from = target(guest, fd, path, length);
  if (!from) return from.error();
  const auto to = target(guest, to_fd, to_path, to_length);
  return to ? errno_of(from->directory->rename(from->path, *to->directory, to->path)) : to.error();
}

// A symbolic link is linked to itself, never to what it leads to.
Hosted<Errno> path_link(Guest& guest, U32 fd, U32 flags, U32 path, U32 length, U32 to_fd, U32 to_path, U32 to_length) {
  const auto from = target(guest, fd, path, length);
  if (!from) return from.error();
  const auto to = target(guest, to_fd, to_path, to_length);
  if (!to) return to.error();
  if (follow(flags) == vfs::Follow::kYes) return Errno::kInval;
  return errno_of(from->directory->link(from->path, *to->directory, to->path));
}

Hosted<Errno> path_symlink(Guest& guest, U32 text, U32 text_length, U32 fd, U32 path, U32 length) {
  const auto at = target(guest, fd, path, length);
  if (!at) return at.error();
  const auto link = guest.memory().text(text, text_length);
  return link ? errno_of(at->directory->symlink(*link, at->path)) : Errno::kFault;
}

Hosted<Errno> path_readlink(Guest& guest, U32 fd, U32 path, U32 length, U32 address, U32 room, U32 result) {
  const auto at = target(guest, fd, path, length);
  if (!at) return at.error();
  const auto link = at->directory->read_link(at->path);
  if (!link) return errno_of(link.error());
  const auto part = std::string_view(*link).substr(0, room);
  const auto bytes = guest.memory().slice(address, part.size());
  if (!bytes || !guest.memory().write(result, static_cast<U32>(part.size()))) return Errno::kFault;
  std::ranges::copy(part, bytes->begin());
  return Errno::kSuccess;
}

Hosted<Errno> path_filestat_get(Guest& guest, U32 fd, U32 flags, U32 path, U32 length, U32 result) {
  const auto at = target(guest, fd, path, length);
  if (!at) return at.error();
  const auto stat = at->directory->stat(at->path, follow(flags));
  if (!stat) return errno_of(stat.error());
  return guest.memory().write(result, record_of(*stat)) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> path_filestat_set_times(Guest& guest, U32 fd, U32 flags, U32 path, U32 length, U64 access, U64 modify,
                                      U32 times_flags) {
  const auto times = times_of(access, modify, times_flags);
  if (!times) return Errno::kInval;
  const auto at = target(guest, fd, path, length);
  return at ? errno_of(at->directory->set_times(at->path, follow(flags), *times)) : at.error();
}

// Of rights, reading and writing count. What asks for neither is opened for reading.
vfs::OpenOptions options_of(U32 lookup_flags, U32 open_flags, U64 rights, U32 fd_flags) {
  const bool write = (rights & kRightFdWrite) != 0;
  return {
      .read = (rights & kRightFdRead) != 0 || !write,
      .write = write,
      .create = (open_flags & kCreate) != 0,
      .exclusive = (open_flags & kExclusive) != 0,
      .truncate = (open_flags & kTruncate) != 0,
      .directory = (open_flags & kDirectory) != 0,
      .follow = follow(lookup_flags) == vfs::Follow::kYes,
      .sync = (fd_flags & (kFdSync | kFdRsync)) != 0,
      .data_sync = (fd_flags & kFdDsync) != 0,
  };
}

Descriptor descriptor_of(vfs::Opened opened, const vfs::OpenOptions& options, U32 fd_flags) {
  if (auto* directory = std::get_if<std::unique_ptr<vfs::Directory>>(&opened)) {
    return OpenDirectory{nullptr, std::move(*directory)};
  }
  return OpenFile{.file = std::move(std::get<std::unique_ptr<vfs::File>>(opened)),
                  .readable = options.read,
                  .writable = options.write,
                  .flags = static_cast<std::uint16_t>(fd_flags)};
}

Hosted<Errno> path_open(Guest& guest, U32 fd, U32 lookup_flags, U32 path, U32 length, U32 open_flags, U64 rights,
                        U64 /*inheriting*/, U32 fd_flags, U32 result) {
  const auto at = target(guest, fd, path, length);
  if (!at) return at.error();
  if (!guest.memory().slice(result, sizeof(U32))) return Errno::kFault;
  if (open_flags > kAllOpenFlags || fd_flags > kAllFdFlags) return Errno::kInval;
  const vfs::OpenOptions options = options_of(lookup_flags, open_flags, rights, fd_flags);
  if (options.directory && (options.create || options.exclusive || options.truncate)) return Errno::kInval;
  if (guest.descriptors().full()) return Errno::kMfile;
  auto opened = at->directory->open(at->path, options);
  if (!opened) return errno_of(opened.error());
  const U32 number = guest.descriptors().add(descriptor_of(std::move(*opened), options, fd_flags));
  return guest.memory().write(result, number) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {
    host_function<at_path<&vfs::Directory::create_directory>>(kModule, "path_create_directory"),
    host_function<path_filestat_get>(kModule, "path_filestat_get"),
    host_function<path_filestat_set_times>(kModule, "path_filestat_set_times"),
    host_function<path_link>(kModule, "path_link"),
    host_function<path_open>(kModule, "path_open"),
    host_function<path_readlink>(kModule, "path_readlink"),
    host_function<at_path<&vfs::Directory::remove_directory>>(kModule, "path_remove_directory"),
    host_function<path_rename>(kModule, "path_rename"),
    host_function<path_symlink>(kModule, "path_symlink"),
    host_function<at_path<&vfs::Directory::unlink>>(kModule, "path_unlink_file"),
};

}  // namespace

std::span<const HostFunction> path_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
