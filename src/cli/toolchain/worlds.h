#pragma once

#include <string_view>

namespace mayfly::cli {

// WIT for projects without their own: the worlds `exec` and `http`, of functions of these kinds. What it needs of WASI,
// without its comments, is of 0.2.10: the newest that componentize-js takes.
std::string_view default_worlds();

}  // namespace mayfly::cli
