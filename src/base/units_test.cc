#include "base/units.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Units, ReadSizes) {
  EXPECT_EQ(parse_bytes("4096"), 4096u);
  EXPECT_EQ(parse_bytes("64MiB"), 64u << 20);
  EXPECT_EQ(parse_bytes("2G"), std::uint64_t{2} << 30);
  for (const auto* bad : {"", "MiB", "-1", "1.5M", "1 M", "64mib", "99999999999G"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(Units, ReadDurations) {
  EXPECT_EQ(parse_duration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(parse_duration("2"), std::chrono::seconds(2));
  EXPECT_EQ(parse_duration("1h"), std::chrono::hours(1));
  for (const auto* bad : {"", "s", "-1s", "1d", "99999999999999h"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

}  // namespace
}  // namespace mayfly
