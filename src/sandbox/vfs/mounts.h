#pragma once

#include "base/result.h"
#include "sandbox/settings.h"
#include "sandbox/vfs/bundle.h"
#include "sandbox/vfs/volumes.h"

#include <memory>
#include <string>
#include <vector>

namespace mayfly::sandbox::vfs {

// A tree and where a function sees it: one preopened directory of WASI.
struct Mount {
  std::string path;  // absolute
  std::shared_ptr<const Tree> tree;
};

// What a version of a function sees of files: its bundle at `/`, its volumes, and `/tmp`, which a volume may replace.
// A libc takes the mount with the longest path that starts a name. kVolume when a volume cannot be opened, or there are
// none (null), kBadOption when two things are at the same path.
Result<std::vector<Mount>> make_mounts(std::shared_ptr<const Bundle> bundle, const Settings& settings,
                                       const Volumes* volumes);

}  // namespace mayfly::sandbox::vfs
