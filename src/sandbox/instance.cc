#include "sandbox/instance.h"

#include <fmt/format.h>

namespace mayfly::sandbox {

std::optional<Error> Instance::over_time(std::chrono::nanoseconds cpu, const Limits& limits,
                                         std::chrono::steady_clock::time_point deadline) {
  if (cpu >= limits.cpu) {
    return Error{ErrorCode::kTooSlow, fmt::format("the function used its {} ms of CPU time", limits.cpu.count())};
  }
  if (std::chrono::steady_clock::now() >= deadline) {
    return Error{ErrorCode::kTooSlow, fmt::format("the function ran for its {} ms", limits.wall.count())};
  }
  return std::nullopt;
}

}  // namespace mayfly::sandbox
