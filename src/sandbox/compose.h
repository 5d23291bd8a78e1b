#pragma once

#include "base/result.h"

#include <span>
#include <string>
#include <string_view>

namespace mayfly::sandbox {

// A component that another imports from.
struct Plug {
  std::string name;   // that errors call it
  std::string bytes;  // binary or text
};

// Makes one component of a component, binary or text, and plugs: each gives what it exports to those before it that
// import it still. What none has stays an import. kBadComposition when one is no component, has nothing that is
// imported, or has it with another type. May take as long as compiling.
Result<std::string> compose(std::string_view component, std::span<const Plug> plugs);

}  // namespace mayfly::sandbox
