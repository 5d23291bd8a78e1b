#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace mayfly::sandbox {

class Module;

// What an interpreter's code imports its image from, as a module name.
inline constexpr std::string_view kImageModule = "mayfly:image";

// An interpreter in two modules, binary: its code, and the image that its own data make. With Inputs::makes_image an
// instance makes others of what it has become; all of them share the code.
struct Split {
  std::string code;
  std::string base;
};

// What an instance has become, a module, binary: all of its memory, or what is different from another image.
struct Image {
  std::string bytes;  // "" for none
  bool is_changes = false;
};
// What an image is told from all others by.
std::string_view identity_of(const Module& image);

// kBadModule, saying what of the module (binary or text) no image can keep: a second memory, tables that change.
Result<Split> split_for_images(std::string_view module);

}  // namespace mayfly::sandbox
