#pragma once

#include "base/result.h"

#include <toml++/toml.h>

#include <string_view>

namespace mayfly::deploy {

// kBadConfig with FILE:LINE:COLUMN of a part of a TOML file, and why it cannot be used.
tl::unexpected<Error> bad_config(std::string_view file, const toml::source_region& where, std::string_view why);

}  // namespace mayfly::deploy
