#include "sandbox/wasi/preview1.h"

#include <vector>

namespace mayfly::sandbox::wasi {

std::span<const HostFunction> functions() {
  static const std::vector<HostFunction> all = [] {
    std::vector<HostFunction> joined;
    for (const auto part : {process_functions(), clock_functions(), poll_functions(), io_functions(), file_functions(),
                            directory_functions(), sync_functions(), path_functions(), socket_functions()}) {
      joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
  }();
  return all;
}

}  // namespace mayfly::sandbox::wasi
