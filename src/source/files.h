#pragma once

#include "base/result.h"
#include "sandbox/vfs/mounts.h"

#include <map>
#include <string>
#include <vector>

namespace mayfly::source {

// A function's files by relative path.
using Files = std::map<std::string, std::string, std::less<>>;

// What a run at the deploy sees of files: these at `/`, and a `/tmp` of its own.
Result<std::vector<sandbox::vfs::Mount>> mount(Files files);
// Folders of the server, by where they are seen: what is in them now. kBadConfig for one that cannot be read.
Result<std::vector<sandbox::vfs::Mount>> mount_folders(const std::map<std::string, std::string, std::less<>>& folders);

}  // namespace mayfly::source
