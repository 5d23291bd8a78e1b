#pragma once

#include "base/result.h"
#include "http/query.h"
#include "sandbox/settings.h"

#include <string_view>
#include <vector>

namespace mayfly::deploy {

// The settings of a function from the query of its upload URL: `entry`, `cgi`, `argv`, `env` (NAME=value), `allow`
// (as egress::Rules has it), `volume`, `tenant`, `timing` and the limits. kBadOption, naming the parameter, for
// anything else.
Result<sandbox::Settings> parse_options(const std::vector<http::Parameter>& parameters);

// One of them, into `settings`; also for configuration files.
Status apply_option(sandbox::Settings& settings, std::string_view name, std::string_view value);

}  // namespace mayfly::deploy
