#include "invoke/server_timing.h"

#include <fmt/format.h>

namespace mayfly::invoke {

std::string server_timing(const metrics::Receipt& receipt) {
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  return fmt::format(
      "queue;dur={:.3f}, load;dur={:.3f}, instantiate;dur={:.3f}, guest;dur={:.3f}, host;dur={:.3f}, "
      "memory;desc=\"{} KiB\"",
      milliseconds(receipt.queue), milliseconds(receipt.load), milliseconds(receipt.instantiate),
      milliseconds(receipt.guest), milliseconds(receipt.host), receipt.memory_peak >> 10);
}

}  // namespace mayfly::invoke
