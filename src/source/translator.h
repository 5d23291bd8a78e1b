#pragma once

#include "base/result.h"
#include "sandbox/program.h"

#include <memory>
#include <string>
#include <string_view>

namespace mayfly::source {

// What `translator`, a function from source, makes of a file: the same in the language that its interpreter runs.
// kBadSource, with what it says.
Result<std::string> translate_file(const std::shared_ptr<const sandbox::Program>& translator, std::string_view path,
                                   std::string_view text);

}  // namespace mayfly::source
