#pragma once

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// Environment variables, as sandbox::Settings has them.
using Variables = std::map<std::string, std::string, std::less<>>;

// What `--env` says, NAME=value; a pair of quotes around the value is taken off. kBadOption when it has no name.
Status add_variable(Variables& variables, std::string_view text);

// The lines of an `--env-file` that are variables: `NAME=value`, `NAME="value"`, `export NAME=value`, without blanks
// around `=`. Returns the numbers of the lines that are neither that, nor empty, nor comments.
std::vector<std::size_t> add_variables_of_file(Variables& variables, std::string_view text);

}  // namespace mayfly::compat::wagi
