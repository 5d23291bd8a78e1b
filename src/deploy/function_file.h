#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::deploy {

// A `function.toml`: what a function is called, where its module is or which functions it calls as a pipeline, and its
// options as an upload URL has them.
struct FunctionFile {
  std::string name;                 // "" when the file has none
  std::string module;               // path, relative to the file; "" when the file has none
  std::string build;                // name of the tool chain that makes the module; "" for what `mayfly build` finds
  std::vector<std::string> stages;  // of a pipeline: names of functions
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> files;  // that go with the module: paths, relative to the file, of files and folders
};

// kBadConfig with line and column for bad TOML, unknown keys and values of the wrong type; what an option may be is
// left to apply_option().
Result<FunctionFile> parse_function_file(std::string_view toml, std::string_view file_name);

}  // namespace mayfly::deploy
