#include "deploy/function_file.h"

#include <gtest/gtest.h>

namespace mayfly::deploy {
namespace {

TEST(FunctionFile, GivesOptionsAsAnUploadUrlHasThem) {
  const auto file = parse_function_file(R"(
name = "mail"
module = "build/mail.wasm"
build = "zig"
cgi = true
allow = ["tcp=127.0.0.1:25"]
volumes = ["spool:/spool:rw"]
files = ["public", "config.json"]
[env]
FROM = "me=you"
[limits]
memory = "64MiB"
concurrency = 8
)",
                                        "function.toml");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->name, "mail");
  EXPECT_EQ(file->module, "build/mail.wasm");
  EXPECT_EQ(file->build, "zig");
  EXPECT_EQ(file->files, (std::vector<std::string>{"public", "config.json"}));
  using Options = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(file->options, (Options{{"allow", "tcp=127.0.0.1:25"},
                                    {"cgi", "true"},
                                    {"env", "FROM=me=you"},
                                    {"concurrency", "8"},
                                    {"memory", "64MiB"},
                                    {"volume", "spool:/spool:rw"}}));
}

TEST(FunctionFile, SaysWhereItIsWrong) {
  for (const auto& [text, where] : {std::pair{"name = 3", ":1:"},
                                    {"build = true", "`build` is not a text"},
                                    {"\ncolour = \"red\"", ":2:"},
                                    {"[limits]\nspeed = 3", "`speed`"},
                                    {"allow = \"x\"", "list of texts"},
                                    {"files = \"x\"", "list of texts"},
                                    {"files = [3]", "`files` is not a text"},
                                    {"limits = 3", "[limits]"},
                                    {"name = ", ":1:"},
                                    {"entry = 1.5", "`entry`"}}) {
    const auto file = parse_function_file(text, "function.toml");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().code, ErrorCode::kBadConfig);
    EXPECT_NE(file.error().message.find(where), std::string::npos) << file.error().message;
  }
}

}  // namespace
}  // namespace mayfly::deploy
