#include "compat/wagi/variables.h"

#include <gtest/gtest.h>

namespace mayfly::compat::wagi {
namespace {

TEST(Variables, OfTheCommandLineLoseOnePairOfQuotes) {
  const auto value = [](std::string_view text) {
    Variables variables;
    EXPECT_TRUE(add_variable(variables, text)) << text;
    return variables.at("FOO");
  };
  EXPECT_EQ(value("FOO=bar"), "bar");
  EXPECT_EQ(value("FOO="), "");
  EXPECT_EQ(value("FOO=a=b"), "a=b");
  EXPECT_EQ(value("FOO=\"bar -s\""), "bar -s");
  EXPECT_EQ(value("FOO='bar -s'"), "bar -s");
  EXPECT_EQ(value("FOO=\"bar \" -s\""), "bar \" -s");
  EXPECT_EQ(value("FOO=bar\""), "bar\"");
  EXPECT_EQ(value("FOO='bar\""), "'bar\"");
  EXPECT_EQ(value("FOO=\""), "\"");
  EXPECT_EQ(value("FOO=\"\""), "");
  EXPECT_EQ(value("FOO=''"), "");
}

TEST(Variables, HaveAName) {
  Variables variables;
  for (const auto* text : {"FOO", "=bar", "", "="}) {
    const auto added = add_variable(variables, text);
    ASSERT_FALSE(added) << text;
    EXPECT_EQ(added.error().code, ErrorCode::kBadOption);
  }
  EXPECT_TRUE(variables.empty());
}

TEST(Variables, OfAFileAreTheLinesThatLookLikeThem) {
  Variables variables;
  const auto ignored = add_variables_of_file(variables,
                                             "FIRST=1\n"
                                             "# a comment\n"
                                             "\n"
                                             "export second-name=two words\r\n"
                                             "QUOTED=\"a=b\"\n"
                                             "SPACED = \"left out\"\n"
                                             "NO_EQUALS\n"
                                             "=value\n"
                                             "A.B=1\n"
                                             "INNER=a\"b\n"
                                             " INDENTED=1\n"
                                             "EMPTY=\n"
                                             "FIRST='last wins'");
  EXPECT_EQ(variables,
            (Variables{{"FIRST", "'last wins'"}, {"second-name", "two words"}, {"QUOTED", "a=b"}, {"EMPTY", ""}}));
  EXPECT_EQ(ignored, (std::vector<std::size_t>{6, 7, 8, 9, 10, 11}));
}

}  // namespace
}  // namespace mayfly::compat::wagi
