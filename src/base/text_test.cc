#include "base/text.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Text, TrimsBlanksAtBothEnds) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim(" \t "), "");
}

TEST(Text, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(to_utf8("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(to_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_utf8("\xE2\x82z\xF0\x9F\xA6"), "\xEF\xBF\xBDz\xEF\xBF\xBD") << "one for each character cut short";
  EXPECT_EQ(to_utf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "neither byte starts a character";
  EXPECT_TRUE(is_utf8("\xF0\x9F\xA6\x9F"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80")) << "a surrogate";
  EXPECT_FALSE(is_utf8("\xC0\xAF")) << "an overlong slash";
  EXPECT_FALSE(is_utf8("\xE2\x82")) << "cut short";
}

TEST(Text, HashesAsTheStandardSays) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace mayfly
