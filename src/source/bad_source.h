#pragma once

#include "base/error.h"

#include <string_view>

namespace mayfly::source {

// kBadSource for a run that failed: what it printed to stderr, or what ended it where that is more telling.
Error bad_source(const Error& why, std::string_view log);

}  // namespace mayfly::source
