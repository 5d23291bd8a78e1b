#include "egress/upload.h"

#include "egress/limits.h"

#include <gtest/gtest.h>

namespace mayfly::egress {
namespace {

std::string read(Upload& upload, std::size_t room = 1 << 20) {
  std::string bytes(room, ' ');
  bytes.resize(upload.read(bytes.data(), room).value_or(0));
  return bytes;
}

TEST(Upload, IsReadAsItIsWritten) {
  Upload upload("be", std::nullopt);
  EXPECT_EQ(read(upload, 1), "b");
  EXPECT_EQ(read(upload), "e");
  char byte;
  EXPECT_EQ(upload.read(&byte, 1), std::nullopt) << "more may come";
  EXPECT_EQ(upload.write("gin"), 3u);
  http::Fields trailers;
  trailers.add("X-Sum", "1");
  upload.end(std::move(trailers));
  EXPECT_EQ(read(upload), "gin");
  EXPECT_EQ(upload.read(&byte, 1), 0u);
  EXPECT_EQ(upload.trailers().get("x-sum"), "1");
}

TEST(Upload, HoldsNoMoreThanItMay) {
  Upload upload("", std::nullopt);
  const std::string large(kUploadBytes + 1, 'x');
  EXPECT_EQ(upload.write(large), kUploadBytes);
  EXPECT_EQ(upload.write(large), 0u);
  EXPECT_EQ(read(upload, 10).size(), 10u);
  EXPECT_EQ(upload.write(large), 10u);
}

TEST(Upload, BeginsAgainAsLongAsItsStartIsKept) {
  Upload upload(std::string(kReplayedBytes, 'x'), std::nullopt);
  EXPECT_EQ(read(upload).size(), kReplayedBytes);
  EXPECT_TRUE(upload.rewind());
  EXPECT_EQ(read(upload).size(), kReplayedBytes);
  upload.write("y");
  EXPECT_EQ(read(upload), "y");
  EXPECT_FALSE(upload.rewind());
  upload.write("z");
  EXPECT_EQ(read(upload), "z");
}

TEST(Upload, BreaksWhenItsLengthIsAnother) {
  Upload exact("ab", 3);
  exact.write("c");
  exact.end({});
  EXPECT_FALSE(exact.is_broken());
  Upload longer("ab", 3);
  longer.write("cd");
  EXPECT_TRUE(longer.is_broken());
  Upload shorter("ab", 3);
  EXPECT_FALSE(shorter.is_broken());
  shorter.end({});
  EXPECT_TRUE(shorter.is_broken());
}

}  // namespace
}  // namespace mayfly::egress
