#pragma once

#include "base/result.h"
#include "compat/wagi/module.h"

#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// Reads a modules.toml; unknown keys are ignored. kBadConfig, with line and column and what to do, for what is missing
// or mistyped, and for modules that are not files.
Result<std::vector<Module>> parse_modules(std::string_view toml, std::string_view file_name);

}  // namespace mayfly::compat::wagi
