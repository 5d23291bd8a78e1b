#pragma once

#include "base/result.h"
#include "sandbox/settings.h"

#include <string_view>

namespace mayfly::deploy {

// One setting of a function, as the query of its upload URL has it: `entry`, `language`, `entrypoint`, `snapshot`,
// `cgi`, `argv`, `env` (NAME=value), `allow` (as egress::Rules has it), `volume`, `tenant`, `timing` and the limits.
// kBadOption, naming it, for anything else.
Status apply_option(sandbox::Settings& settings, std::string_view name, std::string_view value);

}  // namespace mayfly::deploy
