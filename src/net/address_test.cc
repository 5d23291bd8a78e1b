#include "net/address.h"

#include <gtest/gtest.h>

namespace mayfly::net {
namespace {

TEST(Address, SplitsHostAndPort) {
  EXPECT_EQ(parse_host_port("127.0.0.1:8080"), (HostPort{"127.0.0.1", 8080}));
  EXPECT_EQ(parse_host_port("[::1]:0"), (HostPort{"::1", 0}));
  EXPECT_EQ(parse_host_port("localhost:65535"), (HostPort{"localhost", 65535}));
  EXPECT_EQ(parse_host_port("[::1]:80")->text(), "[::1]:80");
}

TEST(Address, SaysWhatIsWrong) {
  for (const auto* text : {"8080", "127.0.0.1", "::1:80", ":80", "host:", "host:65536", "host:8o", "host:-1"}) {
    const auto parsed = parse_host_port(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kBadOption);
  }
}

TEST(Address, KnowsWhatNamesThisMachineAlone) {
  EXPECT_TRUE(is_loopback_host("127.9.8.7"));
  EXPECT_TRUE(is_loopback_host("::1"));
  EXPECT_TRUE(is_loopback_host("LocalHost"));
  EXPECT_FALSE(is_loopback_host("0.0.0.0"));
  EXPECT_FALSE(is_loopback_host("127.0.0.1.evil.example"));
}

}  // namespace
}  // namespace mayfly::net
