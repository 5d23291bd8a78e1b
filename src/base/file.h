#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>

namespace mayfly {

// The whole of an operator's file. kBadConfig, with its path and the reason, when it cannot be read.
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace mayfly
