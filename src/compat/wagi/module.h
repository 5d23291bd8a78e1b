#pragma once

#include "sandbox/settings.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mayfly::compat::wagi {

// One route of an application and the module that answers there, from a modules.toml or a bindle.
struct Module {
  std::string where;   // FILE:LINE:COLUMN, for messages
  std::string route;   // `/x` or `/x/...`
  std::string name;    // of the module, as it is written
  std::string path;    // of its file, .wasm or .wat; relative to the working directory
  std::string sha256;  // that the file must have, in hex; "" for any
  std::string entrypoint = "_start";
  std::optional<std::string> argv;             // template, see sandbox/abi/argv.cc
  std::map<std::string, std::string> volumes;  // host folder, by the path of the guest
  bool volumes_writable = true;
  std::vector<std::string> allowed_hosts;             // URLs; none allows none
  std::optional<std::uint32_t> http_max_concurrency;  // responses open at once in one invocation
};

}  // namespace mayfly::compat::wagi
