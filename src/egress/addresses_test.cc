#include "egress/addresses.h"

#include <gtest/gtest.h>

namespace mayfly::egress {
namespace {

Scope scope(std::string_view text) { return scope_of(boost::asio::ip::make_address(text)); }

TEST(Addresses, KnowTheirScope) {
  for (const auto& [text, expected] : {
           std::pair{"8.8.8.8", Scope::kPublic},
           {"172.15.255.255", Scope::kPublic},
           {"172.32.0.0", Scope::kPublic},
           {"100.63.255.255", Scope::kPublic},
           {"100.128.0.0", Scope::kPublic},
           {"2606:4700::1", Scope::kPublic},
           {"127.0.0.1", Scope::kLoopback},
           {"127.255.255.254", Scope::kLoopback},
           {"::1", Scope::kLoopback},
           {"10.255.255.255", Scope::kPrivate},
           {"172.16.0.0", Scope::kPrivate},
           {"172.31.255.255", Scope::kPrivate},
           {"192.168.1.1", Scope::kPrivate},
           {"100.64.0.1", Scope::kPrivate},
           {"100.127.255.255", Scope::kPrivate},
           {"198.19.0.1", Scope::kPrivate},
           {"fd00::1", Scope::kPrivate},
           {"fc00::1", Scope::kPrivate},
           {"fec0::1", Scope::kPrivate},
           {"169.254.169.254", Scope::kLinkLocal},
           {"fe80::1", Scope::kLinkLocal},
           {"febf::1", Scope::kLinkLocal},
           {"0.0.0.0", Scope::kUnspecified},
           {"0.1.2.3", Scope::kUnspecified},
           {"::", Scope::kUnspecified},
           {"224.0.0.1", Scope::kMulticast},
           {"ff02::1", Scope::kMulticast},
           {"240.0.0.1", Scope::kReserved},
           {"255.255.255.255", Scope::kReserved},
       }) {
    EXPECT_EQ(scope(text), expected) << text << " is " << name_of(scope(text));
  }
}

TEST(Addresses, LookIntoTheIpv4OnesInside) {
  for (const auto& [text, expected] : {
           std::pair{"::ffff:127.0.0.1", Scope::kLoopback},
           {"::ffff:169.254.169.254", Scope::kLinkLocal},
           {"::ffff:8.8.8.8", Scope::kPublic},
           {"::10.0.0.1", Scope::kPrivate},
           {"64:ff9b::169.254.169.254", Scope::kLinkLocal},
           {"64:ff9b::8.8.8.8", Scope::kPublic},
           {"64:ff9b:1::8.8.8.8", Scope::kPrivate},
           {"2002:7f00:1::", Scope::kLoopback},
           {"2002:a9fe:a9fe::1", Scope::kLinkLocal},
           {"2002:808:808::1", Scope::kPublic},
           {"2001:0:4136:e378:8000:63bf:80ff:fffe", Scope::kLoopback},
           {"2001:db8::1", Scope::kPublic},
       }) {
    EXPECT_EQ(scope(text), expected) << text << " is " << name_of(scope(text));
  }
}

TEST(Addresses, HaveOneForm) {
  EXPECT_EQ(canonical_host("Example.COM"), "example.com");
  EXPECT_EQ(canonical_host("::FFFF:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_host("0:0::1"), "::1");
  EXPECT_EQ(canonical_host("a_b-1.x"), "a_b-1.x");
  for (const auto* bad : {"", "127.1", "2130706433", "0177.0.0.1", "1.2.3.4.5", "fe80::1%eth0", "a b", "a/b", "a:b",
                          ".a", "caf\xC3\xA9", "[::1]", "*"}) {
    EXPECT_FALSE(canonical_host(bad)) << bad;
  }
  EXPECT_FALSE(canonical_host(std::string(254, 'a')));
}

}  // namespace
}  // namespace mayfly::egress
