#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mayfly {
namespace {

std::string random(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  EXPECT_TRUE(fill_random(bytes));
  return {bytes.begin(), bytes.end()};
}

TEST(Random, IsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(random(8));
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Random, FillsWhateverItIsGiven) {
  for (const std::size_t count : std::array<std::size_t, 7>{0, 1, 7, 4095, 4096, 4097, 100'000}) {
    const std::string bytes = random(count);
    // Of 100 and more, all values but some are there; nothing is left as it was.
    EXPECT_LT(std::ranges::count(bytes, '\0'), static_cast<std::ptrdiff_t>(count / 16 + 2));
  }
}

TEST(Random, IsOfEachThreadItsOwn) {
  std::string here = random(64);
  std::string there;
  std::jthread([&] { there = random(64); }).join();
  EXPECT_NE(here, there);
}

}  // namespace
}  // namespace mayfly
