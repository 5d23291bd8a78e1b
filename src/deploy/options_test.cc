#include "deploy/options.h"

#include "http/query.h"

#include <gtest/gtest.h>

namespace mayfly::deploy {
namespace {

Result<sandbox::Settings> parse_options(std::string_view query) {
  sandbox::Settings settings;
  for (const auto& [name, value] : http::parse_query(query)) {
    if (auto applied = apply_option(settings, name, value); !applied) return fail(std::move(applied.error()));
  }
  return settings;
}

TEST(Options, SetWhatTheyName) {
  const auto settings = parse_options(
      "entry=go&cgi=true&argv=go%20$%7BARGS%7D&env=A=1&env=B=x%3Dy&allow=tcp=127.0.0.1:"
      "81&allow=http=https://a.b&memory=64MiB&timeout=2s&cpu=500ms&sockets=3");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->entry, "go");
  EXPECT_TRUE(settings->cgi);
  EXPECT_EQ(settings->argv, "go ${ARGS}");
  EXPECT_EQ(settings->environment.at("B"), "x=y");
  EXPECT_EQ(settings->egress.capabilities(), (std::vector<std::string>{"tcp=127.0.0.1:81", "http=https://a.b"}));
  EXPECT_EQ(settings->limits.memory_bytes, 64u << 20);
  EXPECT_EQ(settings->limits.wall, std::chrono::seconds(2));
  EXPECT_EQ(settings->limits.cpu, std::chrono::milliseconds(500));
  EXPECT_EQ(settings->limits.sockets, 3u);
}

TEST(Options, SayWhichOneIsBad) {
  for (const auto* query : {"colour=red", "memory=lots", "memory=0", "memory=5G", "timeout=2h", "cpu=0", "cgi=maybe",
                            "env=A", "env==1", "allow=fs", "allow=tcp=nowhere", "allow=http=a.b", "sockets=-1"}) {
    const auto settings = parse_options(query);
    ASSERT_FALSE(settings) << query;
    EXPECT_EQ(settings.error().code, ErrorCode::kBadOption);
    const std::string_view name(query, std::string_view(query).find('='));
    EXPECT_NE(settings.error().message.find(name), std::string::npos) << settings.error().message;
  }
}

}  // namespace
}  // namespace mayfly::deploy
