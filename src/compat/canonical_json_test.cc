#include "compat/canonical_json.h"

#include "compat/limits.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::compat {
namespace {

std::string canonical(std::string_view text) {
  const auto made = canonical_json(text);
  return made ? *made : "error: " + made.error().message;
}

TEST(CanonicalJson, SortsMembersAndLeavesOutBlanks) {
  EXPECT_EQ(canonical(" { \"b\" : [ 1 , { \"z\":null, \"y\":true } ],\n\"a\": {} } "),
            R"({"a":{},"b":[1,{"y":true,"z":null}]})");
  EXPECT_EQ(canonical(R"({"\u00e4":1,"z":2,"a\u0000":3,"a":4})"), "{\"a\":4,\"a\\u0000\":3,\"z\":2,\"\xc3\xa4\":1}");
}

TEST(CanonicalJson, KeepsTheLastMemberOfAName) { EXPECT_EQ(canonical(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})"); }

TEST(CanonicalJson, TakesAnyValue) {
  for (const auto* value : {"null", "true", "false", "0", "-7", "\"\"", "[]", "{}", "[[],{}]"}) {
    EXPECT_EQ(canonical(value), value);
  }
}

TEST(CanonicalJson, WritesNumbersAsSerdeDoes) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"1.0", "1.0"},
           {"1.50", "1.5"},
           {"1E5", "100000.0"},
           {"0.1", "0.1"},
           {"1.1", "1.1"},
           {"-0.001", "-0.001"},
           {"0.00001", "0.00001"},
           {"0.000001", "1e-6"},
           {"1.5e-7", "1.5e-7"},
           {"1e15", "1000000000000000.0"},
           {"1e16", "1e16"},
           {"1e21", "1e21"},
           {"123456789012345.6", "123456789012345.6"},
           {"9007199254740993", "9007199254740993"},
           {"18446744073709551615", "18446744073709551615"},
           {"-9223372036854775808", "-9223372036854775808"},
           {"18446744073709551616", "1.8446744073709552e19"},
           {"2.2250738585072014e-308", "2.2250738585072014e-308"},
           {"1.7976931348623157e308", "1.7976931348623157e308"},
           {"0.0", "0.0"},
           {"1e-999", "0.0"},
       }) {
    EXPECT_EQ(canonical(text), expected) << text;
  }
}

TEST(CanonicalJson, EscapesWhatMustBe) {
  EXPECT_EQ(canonical(R"("\u20ac \/ \" \\ \n \t \u001f \ud83d\ude00")"),
            "\"\xe2\x82\xac / \\\" \\\\ \\n \\t \\u001f \xf0\x9f\x98\x80\"");
  EXPECT_EQ(canonical(R"({"\"":1})"), R"({"\"":1})");
}

TEST(CanonicalJson, RefusesWhatIsNotOneValue) {
  for (const auto* text : {"", " ", "{", "[1,]", "{\"a\":1,}", "01", "1.", "nul", "'a'", "\"\xff\"", "\"\\ud800\"",
                           "\"a\nb\"", "1 2", "{} []", "NaN", "1e999", "-1e309"}) {
    const auto made = canonical_json(text);
    ASSERT_FALSE(made) << text << " gave " << *made;
    EXPECT_EQ(made.error().code, ErrorCode::kBadJson);
  }
  EXPECT_EQ(canonical_json("[1] 2").error().message, "byte 4: more than one value");
}

TEST(CanonicalJson, HasALimitOfDepth) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(canonical(nested(kMaxJsonDepth)), nested(kMaxJsonDepth));
  EXPECT_FALSE(canonical_json(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(canonical_json(nested(1'000'000)));
}

}  // namespace
}  // namespace mayfly::compat
