#pragma once

#include "cli/toolchain/project.h"

namespace mayfly::cli {

// Whether one of these sources defines a function `main`, as C and Zig write it: a program, not a library. kBadConfig
// when one cannot be read.
Result<bool> has_main(const Project& project, const std::vector<std::string>& sources, const Machine& machine);

}  // namespace mayfly::cli
