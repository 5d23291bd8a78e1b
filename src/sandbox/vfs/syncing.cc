#include "sandbox/vfs/syncing.h"

#include <fcntl.h>

#include <cerrno>

namespace mayfly::sandbox::vfs {

Try<void> Syncing::wait() const {
  const int result = what == Sync::kData ? ::fdatasync(fd.get()) : ::fsync(fd.get());
  return result == 0 ? Try<void>() : failed(errno);
}

Try<UniqueFd> duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return failed(errno);
  return copy;
}

}  // namespace mayfly::sandbox::vfs
