#pragma once

#include "deploy/bundle.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mayfly::deploy {

// The plain files of a folder that these paths, relative to it, name: files, and folders with all that is in them.
// kBadBundle for a path that leads out of the folder, for what is neither, and past the limits of a bundle.
Result<Bundle> read_files(const std::filesystem::path& folder, const std::vector<std::string>& paths);

// A zip of them: of the same files, always the same bytes.
Result<std::string> zip(const Bundle& bundle);

}  // namespace mayfly::deploy
