#pragma once

#include "base/unique_fd.h"
#include "sandbox/vfs/result.h"

#include <sys/types.h>

#include <string_view>

namespace mayfly::sandbox::vfs {

// Opens what a guest's path leads to from a directory, which the kernel sees to that it does not leave: EPERM when
// it would, by `..` or by a symbolic link. `flags` as open(2); O_CLOEXEC is added. "" is the directory itself.
Try<UniqueFd> open_beneath(int directory, std::string_view path, int flags, mode_t mode = 0);

}  // namespace mayfly::sandbox::vfs
