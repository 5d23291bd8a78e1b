#include "sandbox/wasi/buffers.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::sandbox::wasi {
namespace {

// 64 bytes of memory that start with iovecs.
class Memory {
 public:
  explicit Memory(std::initializer_list<std::uint32_t> words) { std::copy(words.begin(), words.end(), words_.begin()); }

  Errno gather(IoBuffers& buffers, std::uint32_t count, std::uint32_t at = 0) {
    return buffers.gather(GuestMemory(reinterpret_cast<std::uint8_t*>(words_.data()), sizeof words_), at, count);
  }

 private:
  std::array<std::uint32_t, 16> words_ = {};
};

std::string lengths(vfs::Buffers buffers) {
  std::string text;
  for (const iovec& buffer : buffers) text += std::to_string(buffer.iov_len) + " ";
  return text;
}

TEST(IoBuffers, AreInsideTheMemory) {
  IoBuffers buffers;
  EXPECT_EQ(Memory({0, 64, 63, 1, 64, 0}).gather(buffers, 3), Errno::kSuccess);
  EXPECT_EQ(buffers.bytes(), 65u);
  EXPECT_EQ(lengths(buffers.all()), "64 1 ");
  EXPECT_EQ(Memory({0, 65}).gather(buffers, 1), Errno::kFault);
  EXPECT_EQ(Memory({0xFFFFFFFF, 1}).gather(buffers, 1), Errno::kFault);
  EXPECT_EQ(Memory({0xFFFFFFFF, 0xFFFFFFFF}).gather(buffers, 1), Errno::kFault);
  EXPECT_EQ(Memory({}).gather(buffers, 1, 57), Errno::kFault);
  EXPECT_EQ(Memory({}).gather(buffers, 2, 0xFFFFFFF8), Errno::kFault);
  EXPECT_EQ(Memory({}).gather(buffers, kMaxIovecs + 1), Errno::kInval);
  EXPECT_EQ(Memory({}).gather(buffers, 0xFFFFFFFF), Errno::kInval);
}

TEST(IoBuffers, AreCutWhereAPartStartsAndEnds) {
  const auto part = [](std::size_t skipped, std::size_t most) {
    IoBuffers buffers;
    EXPECT_EQ(Memory({0, 10, 10, 20, 30, 5}).gather(buffers, 3), Errno::kSuccess);
    return lengths(buffers.part(skipped, most));
  };
  EXPECT_EQ(part(0, 100), "10 20 5 ");
  EXPECT_EQ(part(0, 10), "10 ");
  EXPECT_EQ(part(3, 10), "7 3 ");
  EXPECT_EQ(part(10, 21), "20 1 ");
  EXPECT_EQ(part(34, 100), "1 ");
  EXPECT_EQ(part(35, 100), "");
}

}  // namespace
}  // namespace mayfly::sandbox::wasi
