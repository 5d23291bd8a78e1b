#include "http/query.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

using namespace std::literals;

std::string describe(std::string_view query) {
  std::string text;
  for (const auto& [name, value] : parse_query(query)) text += "[" + name + "=" + value + "]";
  return text;
}

TEST(ParseQuery, KeepsOrderAndDuplicates) { EXPECT_EQ(describe("b=1&a=2&b=3"), "[b=1][a=2][b=3]"); }

TEST(ParseQuery, TakesNamesAndValuesThatAreEmpty) {
  EXPECT_EQ(describe("novalue"), "[novalue=]");
  EXPECT_EQ(describe("a="), "[a=]");
  EXPECT_EQ(describe("=x"), "[=x]");
  EXPECT_EQ(describe("="), "[=]");
}

TEST(ParseQuery, SplitsAtTheFirstEqualsSign) { EXPECT_EQ(describe("a=b=c"), "[a=b=c]"); }

TEST(ParseQuery, SkipsWhereThereIsNothing) {
  EXPECT_EQ(describe(""), "");
  EXPECT_EQ(describe("&&a=1&&b=2&"), "[a=1][b=2]");
}

TEST(ParseQuery, DecodesPlusAndPercent) {
  EXPECT_EQ(describe("a+b=%48ello%2B+%26%3d"), "[a b=Hello+ &=]");
  EXPECT_EQ(describe("n=%00x"), "[n=\0x]"sv);
}

TEST(ParseQuery, KeepsAPercentThatEscapesNothing) { EXPECT_EQ(describe("a=100%&b=%zz%4"), "[a=100%][b=%zz%4]"); }

TEST(ParseQuery, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(describe("a=%ff&b=\xC3"), "[a=\uFFFD][b=\uFFFD]");
  EXPECT_EQ(describe("a=%C3%A9"), "[a=\u00E9]");
}

TEST(PercentDecode, DecodesBytes) {
  EXPECT_EQ(percent_decode("hello%2Dworld"), "hello-world");
  EXPECT_EQ(percent_decode("a+b%FF"), "a+b\xFF");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, RefusesWhatIsNoEscape) {
  for (const auto text : {"%", "%4", "a%4g", "%+1", "%-1", "% 1", "%0x1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(DecodePath, LeavesNothingThatAVariableCannotHold) {
  EXPECT_EQ(decode_path("/a%20b%2Fc+d"), "/a b/c+d");
  EXPECT_EQ(decode_path("/a%20%zz%"), "/a %zz%");
  EXPECT_EQ(decode_path("/a%00b"), "/a%00b");
  EXPECT_EQ(decode_path("/%ff%C3%A9"), "/\uFFFD\u00E9");
}

}  // namespace
}  // namespace mayfly::http
