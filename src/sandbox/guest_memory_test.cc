#include "sandbox/guest_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace mayfly::sandbox {
namespace {

TEST(GuestMemory, GivesOnlyWhatLiesInside) {
  std::array<std::uint8_t, 16> bytes{};
  const GuestMemory memory(bytes.data(), bytes.size());
  EXPECT_TRUE(memory.slice(0, 16));
  EXPECT_TRUE(memory.slice(16, 0));
  EXPECT_FALSE(memory.slice(16, 1));
  EXPECT_FALSE(memory.slice(1, 16));
  EXPECT_FALSE(memory.slice(17, 0));
  EXPECT_FALSE(memory.slice(std::numeric_limits<std::uint64_t>::max(), 2)) << "the sum would wrap";
  EXPECT_FALSE(memory.slice(2, std::numeric_limits<std::uint64_t>::max()));
}

TEST(GuestMemory, ReadsWhatItWrote) {
  std::array<std::uint8_t, 8> bytes{};
  const GuestMemory memory(bytes.data(), bytes.size());
  EXPECT_TRUE(memory.write<std::uint32_t>(3, 0x01020304));
  EXPECT_EQ(memory.read<std::uint32_t>(3), 0x01020304u);
  EXPECT_EQ(bytes[3], 4) << "little-endian, unaligned";
  EXPECT_FALSE(memory.write<std::uint32_t>(5, 0));
}

}  // namespace
}  // namespace mayfly::sandbox
