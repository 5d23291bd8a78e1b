#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace mayfly::compat::wagi {

// The path of the file that `module` means: a path, or a file: URL (`file:/p`, `file:///p`). kBadConfig, saying what
// to do instead, for modules in registries and on servers.
Result<std::string> module_path(std::string_view reference);

}  // namespace mayfly::compat::wagi
