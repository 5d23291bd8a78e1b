// fd_sync and fd_datasync: the disk is waited for on another thread.

#include "sandbox/wasi/preview1.h"

#include <array>

namespace mayfly::sandbox::wasi {
namespace {

using Started = tl::expected<std::optional<vfs::Syncing>, Errno>;

Started start(Guest& guest, std::uint32_t fd, vfs::Sync what) {
  const auto known = [](vfs::Try<std::optional<vfs::Syncing>> started) -> Started {
    if (!started) return tl::unexpected(errno_of(started.error()));
    return std::move(*started);
  };
  if (guest.descriptors().find_as<OpenDirectory>(fd) != nullptr) {
    const auto directory = guest.descriptors().directory(fd);
    return directory ? known((*directory)->sync()) : tl::unexpected(directory.error());
  }
  const auto file = guest.descriptors().file(fd, Errno::kInval);
  return file ? known((*file)->file->sync(what)) : tl::unexpected(file.error());
}

template <vfs::Sync kWhat>
Hosted<Errno> sync(Guest& guest, std::uint32_t fd) {
  if (const DiskWait* wait = guest.disk_wait()) {
    if (!wait->result()) return waiting();
    const Errno result = errno_of(*wait->result());
    guest.end_disk_wait();
    return result;
  }
  auto started = start(guest, fd, kWhat);
  if (!started) return started.error();
  if (!*started) return Errno::kSuccess;
  guest.wait_for_disk(std::move(**started));
  return waiting();
}

constexpr std::array kFunctions = {
    waiting_host_function<sync<vfs::Sync::kData>>(kModule, "fd_datasync"),
    waiting_host_function<sync<vfs::Sync::kAll>>(kModule, "fd_sync"),
};

}  // namespace

std::span<const HostFunction> sync_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
