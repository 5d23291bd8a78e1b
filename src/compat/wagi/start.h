#pragma once

#include "compat/wagi/application.h"

#include <string>
#include <vector>

namespace mayfly::compat::wagi {

// What the command line says of a WAGI application.
struct Options {
  std::string modules_toml;            // "" for none
  std::string bindle;                  // NAME/VERSION; "" for none
  std::string bindle_folder;           // that it is in
  std::string assets_folder;           // for the files of a bindle
  std::vector<std::string> variables;  // NAME=value, over those of the files
  std::vector<std::string> variable_files;
};

// Reads, compiles and publishes the application, if the options name one. Returns its warnings.
Result<std::vector<std::string>> start_application(const Options& options, const Services& services,
                                                   registry::Registry& registry);

}  // namespace mayfly::compat::wagi
