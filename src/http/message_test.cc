#include "http/message.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

using namespace std::literals;

std::string describe(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) text += name + "=" + value + ";";
  return text;
}

TEST(Fields, KeepOrderCaseAndRepetition) {
  Fields fields;
  fields.add("b", "1");
  fields.add("A", "2");
  fields.add("B", "3");
  EXPECT_EQ(describe(fields), "b=1;A=2;B=3;");
  EXPECT_EQ(fields.count("B"), 2u);
}

TEST(Fields, FindTheFirstOfANameWithoutCase) {
  Fields fields;
  fields.add("Set-Cookie", "a");
  fields.add("set-cookie", "b");
  EXPECT_EQ(*fields.find("SET-COOKIE"), "a");
  EXPECT_EQ(fields.get("set-cookie"), "a");
  EXPECT_EQ(fields.find("Cookie"), nullptr);
  EXPECT_EQ(fields.get("Cookie"), "");
}

TEST(Fields, SetReplacesEveryFieldOfTheName) {
  Fields fields;
  fields.add("a", "1");
  fields.add("b", "2");
  fields.add("A", "3");
  fields.set("a", *fields.find("b"));
  EXPECT_EQ(describe(fields), "b=2;a=2;");
  fields.remove("B");
  EXPECT_EQ(describe(fields), "a=2;");
}

TEST(Request, SplitsItsTargetAtTheFirstQuestionMark) {
  EXPECT_EQ(Request{.target = "/a?b?c"}.path(), "/a");
  EXPECT_EQ(Request{.target = "/a?b?c"}.query(), "b?c");
  EXPECT_EQ(Request{.target = "/a"}.path(), "/a");
  EXPECT_EQ(Request{.target = "/a"}.query(), "");
}

TEST(EqualsIgnoringCase, ComparesAsciiLettersOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xC4", "\xE4"));
}

TEST(IsToken, TakesWhatAFieldNameMayBe) {
  EXPECT_TRUE(is_token("X-Forwarded_For.1!#$%&'*+^`|~"));
  for (const auto text : {""sv, "a b"sv, "a:"sv, "a\0"sv, "\xC3\xA9"sv, "a\r\n"sv}) EXPECT_FALSE(is_token(text));
}

TEST(IsFieldValue, TakesAllButControlCharacters) {
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("a\tb \xC3\xA9"));
  for (const auto text : {"a\r"sv, "a\nb"sv, "a\0"sv, "\x1b"sv, "\x7f"sv}) EXPECT_FALSE(is_field_value(text));
}

TEST(ReasonPhrase, IsTheStandardOneOrEmpty) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(599), "Network Connect Timeout Error");
  EXPECT_EQ(reason_phrase(299), "");
  EXPECT_EQ(reason_phrase(-1), "");
}

}  // namespace
}  // namespace mayfly::http
