#include "base/cycles.h"

#include <gtest/gtest.h>

#include <thread>

namespace mayfly {
namespace {

TEST(Cycles, TellTimeAsTheSteadyClockDoes) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t before = cycles();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::uint64_t counted = cycles() - before;
  const auto passed = std::chrono::steady_clock::now() - start;
  EXPECT_GE(cycles_to_time(counted), std::chrono::milliseconds(19));
  EXPECT_LE(cycles_to_time(counted), passed + std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace mayfly
