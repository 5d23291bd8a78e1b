#include "compat/applications.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mayfly::compat {
namespace {

TEST(Applications, ReadTheSeedsConfiguration) {
  const auto config = parse_applications(R"(
listen_address = "127.0.0.1:8080"

[[applications]]
file_path = "samples/testfunc.wasm"
method = "GET"
function = "hello"
url_path = "/hello"

[[applications]]
file_path = "samples/testbackend.wasm"
method = "GET"
url_path = "/backend"
env = { "/env/backend" = "127.0.0.1:8181" }
unknown = 1
)",
                                         "config.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen_address, "127.0.0.1:8080");
  ASSERT_EQ(config->applications.size(), 2u);
  EXPECT_EQ(config->applications[0].settings.entry, "hello");
  EXPECT_EQ(config->applications[1].settings.entry, "handle") << "the default";
  EXPECT_EQ(config->applications[1].settings.environment.at("/env/backend"), "127.0.0.1:8181");
  EXPECT_EQ(config->applications[1].settings.egress, egress::Rules::everything());
  EXPECT_FALSE(config->applications[1].allow_given);
}

TEST(Applications, NarrowWhatMayBeConnectedTo) {
  const auto config = parse_applications(
      "[[applications]]\nfile_path='a'\nmethod='GET'\nurl_path='/a'\nallow=['127.0.0.1:81', 'tcp=db:5432', "
      "'http=https://a.b', 'private']",
      "c.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->applications[0].settings.egress.capabilities(),
            (std::vector<std::string>{"tcp=127.0.0.1:81", "tcp=db:5432", "http=https://a.b", "private"}));
  EXPECT_TRUE(config->applications[0].allow_given);
}

TEST(Applications, HaveLimits) {
  const auto config = parse_applications(
      "[[applications]]\nfile_path='a'\nmethod='GET'\nurl_path='/a'\nlimits = {concurrency = 7, timeout = '2s'}",
      "c.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->applications[0].settings.limits.concurrency, 7u);
  EXPECT_EQ(config->applications[0].settings.limits.wall, std::chrono::seconds(2));
  for (const auto* limits : {"{ speed = 1 }", "{ entry = 'x' }", "{ memory = 'lots' }", "{ cpu = 1.5 }", "3"}) {
    const auto bad = parse_applications(
        fmt::format("[[applications]]\nfile_path='a'\nmethod='GET'\nurl_path='/a'\nlimits = {}", limits), "c.toml");
    ASSERT_FALSE(bad) << limits;
    EXPECT_NE(bad.error().message.find("c.toml:5:"), std::string::npos) << bad.error().message;
  }
}

TEST(Applications, NameLineAndColumnOfAMistake) {
  const auto where = [](std::string_view toml) {
    const auto config = parse_applications(toml, "c.toml");
    EXPECT_EQ(config.error().code, ErrorCode::kBadConfig);
    return config.error().message;
  };
  EXPECT_EQ(where("a = 1\nb = = 2").substr(0, 11), "c.toml:2:5:");
  EXPECT_EQ(where("listen_address = 80").substr(0, 12), "c.toml:1:18:");
  EXPECT_NE(where("x = 1").find("no [[applications]]"), std::string::npos);
  EXPECT_NE(where("\n[[applications]]\nfile_path='a'").find("c.toml:2:1: [[applications]] has no `method`"),
            std::string::npos)
      << where("\n[[applications]]\nfile_path='a'");
  EXPECT_NE(where("[[applications]]\nfile_path=1").find("c.toml:2:11: `file_path` is not a text"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::compat
