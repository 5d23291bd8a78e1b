#include "sandbox/vfs/openat2.h"

#include "sandbox/limits.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mayfly::sandbox::vfs {

Try<UniqueFd> open_beneath(int directory, std::string_view path, int flags, mode_t mode) {
  std::array<char, kMaxPathBytes + 1> text;
  if (path.size() > kMaxPathBytes) return failed(ENAMETOOLONG);
  if (path.empty()) path = ".";
  *std::ranges::copy(path, text.begin()).out = '\0';
  open_how how = {};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  constexpr int kTries = 16;  // EAGAIN: a rename on the way of a `..` may have led it out, says openat2(2)
  for (int tries = 0; tries < kTries;) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, directory, text.data(), &how, sizeof how));
    if (fd >= 0) return UniqueFd(fd);
    if (errno == EXDEV) return failed(EPERM);
    if (errno == EAGAIN) ++tries;
    else if (errno != EINTR) return failed(errno);
  }
  return failed(EAGAIN);
}

}  // namespace mayfly::sandbox::vfs
