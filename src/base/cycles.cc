#include "base/cycles.h"

namespace mayfly {
namespace {

struct Moment {
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
  std::uint64_t count = cycles();
};

const Moment kStart;

}  // namespace

std::chrono::nanoseconds cycles_to_time(std::uint64_t count) noexcept {
  const Moment now;
  const auto passed = std::chrono::duration<double, std::nano>(now.time - kStart.time).count();
  const auto counted = static_cast<double>(now.count - kStart.count);
  if (counted <= 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(count) * (passed / counted)));
}

}  // namespace mayfly
