#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace mayfly::compat {

// A JSON text as seed 003 writes it: without blanks, the members of every object by the bytes of their names, the last
// of several of one name; whole numbers up to 64 bits as they are, others as the nearest double in its shortest form.
// kBadJson, saying where, when it is not one JSON value in UTF-8, or nested deeper than kMaxJsonDepth.
Result<std::string> canonical_json(std::string_view text);

}  // namespace mayfly::compat
