#pragma once

#include "base/unique_fd.h"
#include "net/workers.h"
#include "sandbox/vfs/result.h"

namespace mayfly::sandbox::vfs {

enum class Sync { kData, kAll };

// A file or directory whose way to the disk is to be waited for. It needs nothing of where it comes from, which may be
// gone meanwhile.
struct Syncing {
  UniqueFd fd;
  Sync what;
  net::Workers& workers;  // whose threads may wait

  Try<void> wait() const;  // blocks
};

// A descriptor for the same open file.
Try<UniqueFd> duplicate(int fd);

}  // namespace mayfly::sandbox::vfs
