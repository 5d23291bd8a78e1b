// Directories: fd_readdir, and the preopened ones of fd_prestat_*.

#include "sandbox/wasi/preview1.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace mayfly::sandbox::wasi {
namespace {

// Null unless the descriptor was there from the start.
const vfs::Mount* preopen(Guest& guest, std::uint32_t fd) {
  const auto* open = guest.descriptors().find_as<OpenDirectory>(fd);
  return open == nullptr ? nullptr : open->preopen;
}

Hosted<Errno> fd_prestat_get(Guest& guest, std::uint32_t fd, std::uint32_t result) {
  const vfs::Mount* mount = preopen(guest, fd);
  if (mount == nullptr) return Errno::kBadf;  // which ends the search of every libc
  const Prestat stat{.name_length = static_cast<std::uint32_t>(mount->path.size())};
  return guest.memory().write(result, stat) ? Errno::kSuccess : Errno::kFault;
}

Hosted<Errno> fd_prestat_dir_name(Guest& guest, std::uint32_t fd, std::uint32_t address, std::uint32_t room) {
  if (guest.descriptors().find(fd) == nullptr) return Errno::kBadf;
  const vfs::Mount* mount = preopen(guest, fd);
  if (mount == nullptr) return Errno::kNotdir;
  if (mount->path.size() > room) return Errno::kNametoolong;
  const auto bytes = guest.memory().slice(address, mount->path.size());
  if (!bytes) return Errno::kFault;
  std::ranges::copy(mount->path, bytes->begin());
  return Errno::kSuccess;
}

// Fills a buffer with records, the last of which may be cut: a full buffer says that there is more.
class EntryWriter {
 public:
  explicit EntryWriter(std::span<std::uint8_t> buffer) : left_(buffer) {}

  // False when the buffer is full.
  bool write(const vfs::Entry& entry) {
    const Dirent record{.next = entry.next,
                        .inode = entry.inode,
                        .name_length = static_cast<std::uint32_t>(entry.name.size()),
                        .type = entry.type};
    return append(&record, sizeof record) && append(entry.name.data(), entry.name.size());
  }
  std::size_t left() const { return left_.size(); }

 private:
  bool append(const void* bytes, std::size_t size) {
    const std::size_t part = std::min(size, left_.size());
    std::memcpy(left_.data(), bytes, part);
    left_ = left_.subspan(part);
    return !left_.empty();
  }

  std::span<std::uint8_t> left_;
};

// In parts: a folder of the host may have any number of entries, and a guest room for all.
Hosted<Errno> fd_readdir(Guest& guest, std::uint32_t fd, std::uint32_t address, std::uint32_t length,
                         std::uint64_t cookie, std::uint32_t result) {
  const auto directory = guest.descriptors().directory(fd);
  if (!directory) return directory.error();
  const auto buffer = guest.memory().slice(address, length);
  if (!buffer || !guest.memory().slice(result, sizeof(std::uint32_t))) return Errno::kFault;
  EntryWriter writer(buffer->subspan(guest.progress));
  if (guest.progress == 0) guest.progress_cookie = cookie;
  bool pause = false;
  if (!buffer->empty()) {
    const std::size_t enough = guest.progress + kListedBytes;
    const auto listed = (*directory)->list(guest.progress_cookie, [&](const vfs::Entry& entry) {
      if (!writer.write(entry)) return false;
      guest.progress_cookie = entry.next;
      pause = buffer->size() - writer.left() >= enough;
      return !pause;
    });
    if (!listed) {
      guest.progress = 0;
      return errno_of(listed.error());
    }
  }
  guest.progress = buffer->size() - writer.left();
  if (pause) {
    guest.host().wake();
    return waiting();
  }
  const auto used = static_cast<std::uint32_t>(std::exchange(guest.progress, 0));
  return guest.memory().write(result, used) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {
    host_function<fd_prestat_dir_name>(kModule, "fd_prestat_dir_name"),
    host_function<fd_prestat_get>(kModule, "fd_prestat_get"),
    waiting_host_function<fd_readdir>(kModule, "fd_readdir"),
};

}  // namespace

std::span<const HostFunction> directory_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
