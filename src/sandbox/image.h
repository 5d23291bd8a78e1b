#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace mayfly::sandbox {

// What an interpreter's code imports its image from, as a module name.
inline constexpr std::string_view kImageModule = "mayfly:image";

// An interpreter in two modules, binary: its code, and the image that its own data make. With Inputs::makes_image an
// instance makes others of what it has become; all of them share the code.
struct Split {
  std::string code;
  std::string base;
};

// kBadModule, saying what of the module (binary or text) no image can keep: a second memory, tables that change.
Result<Split> split_for_images(std::string_view module);

}  // namespace mayfly::sandbox
