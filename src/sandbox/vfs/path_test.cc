#include "sandbox/vfs/path.h"

#include "sandbox/limits.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::sandbox::vfs {
namespace {

int error_of(std::string_view text) {
  const auto path = Path::parse(text);
  return path ? 0 : static_cast<int>(path.error());
}

TEST(Path, IsRelativeUtf8TextOfABoundedLength) {
  EXPECT_EQ(error_of(""), ENOENT);
  EXPECT_EQ(error_of("/"), EPERM);
  EXPECT_EQ(error_of("/etc/passwd"), EPERM);
  EXPECT_EQ(error_of(std::string_view("a\0b", 3)), EINVAL);
  EXPECT_EQ(error_of(std::string_view("\0", 1)), EINVAL);
  EXPECT_EQ(error_of("a\xff"), EILSEQ);
  EXPECT_EQ(error_of("\xc0\xaf"), EILSEQ) << "an overlong slash";
  EXPECT_EQ(error_of(std::string(kMaxPathBytes, 'a')), 0);
  EXPECT_EQ(error_of(std::string(kMaxPathBytes + 1, 'a')), ENAMETOOLONG);
  EXPECT_EQ(error_of("../a"), 0) << "a directory finds out where it leads";
}

TEST(Path, IsAParentAndAName) {
  const auto parts = [](std::string_view text) {
    const Path path = *Path::parse(text);
    return std::string(path.parent()) + "|" + std::string(path.name()) + (path.ends_in_slash() ? "|/" : "");
  };
  EXPECT_EQ(parts("a"), "|a");
  EXPECT_EQ(parts("a//"), "|a|/");
  EXPECT_EQ(parts("a/b"), "a/|b");
  EXPECT_EQ(parts("a//b/c/"), "a//b/|c|/");
  EXPECT_EQ(parts("a/.."), "a/|..");
  EXPECT_FALSE(Path::parse("a/../")->names_entry());
  EXPECT_FALSE(Path::parse(".")->names_entry());
  EXPECT_TRUE(Path::parse("...")->names_entry());
}

}  // namespace
}  // namespace mayfly::sandbox::vfs
