#include "metrics/per_second.h"

#include <gtest/gtest.h>

#include <thread>

namespace mayfly::metrics {
namespace {

TEST(PerSecond, GivesUpToItsLimitAndAnewInTheNextSecond) {
  PerSecond allowance;
  std::size_t taken = 0;
  const auto start = std::chrono::steady_clock::now();
  while (taken < 100) taken += allowance.take(30, 100);
  while (allowance.take(1, 100) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2100));
  EXPECT_LE(taken, 200u);  // a second may have ended in between
}

TEST(PerSecond, GivesWhatIsLeft) {
  for (int attempt = 0; attempt < 3; ++attempt) {  // a second may end in between, but not thrice
    PerSecond allowance;
    if (allowance.take(70, 100) == 70 && allowance.take(70, 100) == 30 && allowance.take(70, 100) == 0) return;
  }
  FAIL();
}

}  // namespace
}  // namespace mayfly::metrics
