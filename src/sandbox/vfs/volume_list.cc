#include "sandbox/vfs/host_file.h"
#include "sandbox/vfs/openat2.h"
#include "sandbox/vfs/volume_directory.h"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace mayfly::sandbox::vfs {
namespace {

FileType type_of_entry(int directory, const dirent64& entry) {
  if (entry.d_type != DT_UNKNOWN) return type_of(DTTOIF(entry.d_type));
  struct stat found;  // some file systems do not tell
  return ::fstatat(directory, entry.d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 ? type_of(found.st_mode)
                                                                              : FileType::kUnknown;
}

}  // namespace

// The cookies are the kernel's own, which stay good while entries come and go. A descriptor of its own: the root's is
// shared by all threads, and has one position.
Try<void> VolumeDirectory::list(std::uint64_t cookie, const std::function<bool(const Entry&)>& take) {
  if (cookie > std::uint64_t{std::numeric_limits<off_t>::max()}) return failed(EINVAL);
  const auto here = stat();
  if (!here) return tl::unexpected(here.error());
  const auto fd = open_beneath(fd_, ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return tl::unexpected(fd.error());
  if (cookie > 0 && ::lseek(fd->get(), static_cast<off_t>(cookie), SEEK_SET) < 0) return failed(errno);
  alignas(dirent64) std::array<char, 32 * 1024> block;
  for (;;) {
    const ssize_t length = ::getdents64(fd->get(), block.data(), block.size());
    if (length < 0) return failed(errno);
    if (length == 0) return {};
    for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
      const auto& entry = *reinterpret_cast<const dirent64*>(block.data() + at);
      at += entry.d_reclen;
      const std::string_view name(entry.d_name);
      // The number of what is above the root is nobody's business.
      const std::uint64_t inode = name == ".." ? here->inode : entry.d_ino;
      if (!take({name, inode, type_of_entry(fd->get(), entry), static_cast<std::uint64_t>(entry.d_off)})) return {};
    }
  }
}

}  // namespace mayfly::sandbox::vfs
