#include "egress/rules.h"

#include "egress/limits.h"

#include <gtest/gtest.h>

namespace mayfly::egress {
namespace {

Rules rules(std::initializer_list<std::string_view> capabilities) {
  Rules made;
  for (const auto capability : capabilities) {
    const auto allowed = made.allow(capability);
    EXPECT_TRUE(allowed) << capability << ": " << (allowed ? "" : allowed.error().message);
  }
  return made;
}

Destination tcp(const std::string& host, std::uint16_t port) { return {Protocol::kTcp, host, port}; }
Destination http(const std::string& host, std::uint16_t port = 80) { return {Protocol::kHttp, host, port}; }
Destination https(const std::string& host, std::uint16_t port = 443) { return {Protocol::kHttps, host, port}; }

// Whether a destination that resolves to `address` is reached.
bool reaches(const Rules& by, const Destination& to, std::string_view address) {
  return by.permits(to) && by.permitted(to, {boost::asio::ip::make_address(address)});
}

TEST(Rules, AllowNothingByThemselves) {
  EXPECT_FALSE(Rules().permits(tcp("example.com", 80)));
  EXPECT_FALSE(Rules().permits(https("example.com")));
  EXPECT_TRUE(Rules().capabilities().empty());
}

TEST(Rules, MatchHostAndPortOfTcp) {
  const Rules by = rules({"tcp=DB.example:5432", "tcp=*:443", "tcp=10.0.0.1:*", "tcp=[::1]:80"});
  EXPECT_TRUE(by.permits(tcp("db.example", 5432)));
  EXPECT_FALSE(by.permits(tcp("db.example", 5433)));
  EXPECT_FALSE(by.permits(tcp("xdb.example", 5432)));
  EXPECT_TRUE(by.permits(tcp("anything.example", 443)));
  EXPECT_TRUE(by.permits(tcp("10.0.0.1", 9)));
  EXPECT_TRUE(by.permits(tcp("::1", 80)));
  EXPECT_FALSE(by.permits(http("db.example", 5432))) << "HTTP has rules of its own";
  EXPECT_TRUE(rules({"tcp=*"}).permits(tcp("a", 1)));
}

TEST(Rules, MatchSchemeHostAndPortOfHttp) {
  const Rules by =
      rules({"http=https://api.example.com", "http=http://host:8080", "http=https://*", "http=*://both:81"});
  EXPECT_TRUE(by.permits(https("api.example.com")));
  EXPECT_FALSE(by.permits(http("api.example.com")));
  EXPECT_FALSE(by.permits(https("api.example.com", 8443)));
  EXPECT_TRUE(by.permits(http("host", 8080)));
  EXPECT_FALSE(by.permits(http("host")));
  EXPECT_TRUE(by.permits(https("other")));
  EXPECT_TRUE(by.permits(http("both", 81)) && by.permits(https("both", 81)));
  EXPECT_FALSE(by.permits(tcp("api.example.com", 443)));
  EXPECT_TRUE(rules({"http=*"}).permits(http("a", 1)));
}

TEST(Rules, SayWhatIsMissing) {
  const auto why = [](const Rules& by, const Destination& to, std::vector<std::string_view> found) {
    std::vector<Address> addresses;
    for (const auto text : found) addresses.push_back(boost::asio::ip::make_address(text));
    const auto permits = by.permits(to);
    return permits ? by.permitted(to, addresses).error().message : permits.error().message;
  };
  EXPECT_EQ(why({}, tcp("10.0.0.5", 80), {}), "10.0.0.5:80 is not granted; grant it with allow=tcp=10.0.0.5:80");
  EXPECT_EQ(why(rules({"tcp=*"}), tcp("10.0.0.5", 80), {"10.0.0.5"}),
            "10.0.0.5:80 is a private address; grant it with allow=tcp=10.0.0.5:80");
  EXPECT_EQ(why(rules({"http=*"}), http("intern"), {"fd00::1"}),
            "http://intern leads to fd00::1, a private address; grant it with allow=http=http://[fd00::1], or all such "
            "addresses with allow=private");
  EXPECT_EQ(why({}, https("::1", 8443), {}),
            "https://[::1]:8443 is not granted; grant it with allow=http=https://[::1]:8443");
  EXPECT_EQ(why(rules({"tcp=*"}), tcp("nowhere.example", 80), {}), "there is no host `nowhere.example`");
}

TEST(Rules, GrantNoAddressThatIsNotPublicByANameOrAWildcard) {
  for (const auto* address :
       {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a9fe:a9fe::", "224.0.0.1", "255.255.255.255"}) {
    EXPECT_FALSE(reaches(rules({"tcp=*"}), tcp("evil.example", 80), address)) << address;
    EXPECT_FALSE(reaches(rules({"tcp=evil.example:80"}), tcp("evil.example", 80), address)) << address;
    EXPECT_FALSE(reaches(rules({"http=*"}), http("evil.example"), address)) << address;
    EXPECT_TRUE(reaches(rules({"tcp=*", "private"}), tcp("evil.example", 80), address)) << address;
  }
  EXPECT_TRUE(reaches(rules({"tcp=*"}), tcp("good.example", 80), "93.184.216.34"));
}

TEST(Rules, GrantTheAddressThatTheyName) {
  const Rules by = rules({"tcp=127.0.0.1:81", "tcp=db:81"});
  EXPECT_TRUE(reaches(by, tcp("127.0.0.1", 81), "127.0.0.1"));
  EXPECT_TRUE(reaches(by, tcp("127.0.0.1", 81), "::ffff:127.0.0.1")) << "the same address";
  EXPECT_FALSE(reaches(by, tcp("127.0.0.1", 82), "127.0.0.1"));
  EXPECT_FALSE(reaches(by, tcp("127.0.0.2", 81), "127.0.0.2"));
  EXPECT_TRUE(reaches(by, tcp("db", 81), "127.0.0.1")) << "both are granted";
  EXPECT_FALSE(reaches(by, tcp("db", 81), "127.0.0.2"));
  EXPECT_FALSE(reaches(by, tcp("localhost", 81), "127.0.0.1")) << "a name that is not granted";
  EXPECT_TRUE(reaches(rules({"tcp=[::ffff:10.0.0.1]:1"}), tcp("10.0.0.1", 1), "10.0.0.1"));
}

TEST(Rules, TakeLocalhostForTheLoopbackAddressesAlone) {
  const Rules by = rules({"http=http://localhost:3000", "http=*"});
  EXPECT_TRUE(reaches(by, http("localhost", 3000), "127.0.0.1"));
  EXPECT_TRUE(reaches(by, http("localhost", 3000), "::1"));
  EXPECT_FALSE(reaches(by, http("localhost", 3000), "10.0.0.1"));
  EXPECT_FALSE(reaches(by, http("localhost", 3001), "127.0.0.1"));
  EXPECT_FALSE(reaches(by, http("evil.example", 3000), "127.0.0.1"));
}

TEST(Rules, KeepOfManyAddressesThosePermitted) {
  const auto kept = rules({"tcp=*"}).permitted(
      tcp("mixed.example", 80),
      {boost::asio::ip::make_address("10.0.0.1"), boost::asio::ip::make_address("93.184.216.34")});
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ(kept->front().to_string(), "93.184.216.34");
}

TEST(Rules, SurviveTheirText) {
  for (const auto* text :
       {"tcp=db:5432", "tcp=*:443", "tcp=10.0.0.1:*", "tcp=[::1]:80", "tcp=*", "http=*", "private", "http=https://a.b",
        "http=http://a:8080", "http=https://*", "http=http://*:*", "http=*://a:*", "http=https://[::1]:8443"}) {
    EXPECT_EQ(rules({text}).capabilities(), std::vector<std::string>{text});
  }
  EXPECT_EQ(rules({"http=https://A.b:443/", "http=https://a.b"}).capabilities(),
            std::vector<std::string>{"http=https://a.b"});
  EXPECT_EQ(Rules::everything().capabilities(), (std::vector<std::string>{"tcp=*", "http=*", "private"}));
}

TEST(Rules, RefuseWhatTheyCannotMean) {
  for (const auto* text : {"",
                           "fs",
                           "tcp",
                           "tcp=",
                           "tcp=host",
                           "tcp=host:",
                           "tcp=:80",
                           "tcp=host:0",
                           "tcp=host:65536",
                           "tcp=host:8o",
                           "tcp=::1:80",
                           "tcp=[host]:80",
                           "tcp=*.example.com:80",
                           "tcp=1.2.3:80",
                           "tcp=a b:80",
                           "http=",
                           "http=host",
                           "http=ftp://host",
                           "http=https://",
                           "http=https://a/path",
                           "http=https://u@a",
                           "http=https://a?x",
                           "http=*://a",
                           "http=https://a:b",
                           "http=://a",
                           "private=yes"}) {
    const auto allowed = Rules().allow(text);
    ASSERT_FALSE(allowed) << text;
    EXPECT_EQ(allowed.error().code, ErrorCode::kBadOption) << text;
  }
  Rules many;
  for (std::size_t i = 0; i < kMaxRules; ++i) ASSERT_TRUE(many.allow("tcp=h" + std::to_string(i) + ":1"));
  EXPECT_FALSE(many.allow("tcp=one-more:1"));
}

TEST(Rules, TakeWhatWagiAllows) {
  Rules by;
  ASSERT_TRUE(by.allow_wagi_host("https://api.example.com/ignored?x"));
  ASSERT_TRUE(by.allow_wagi_host("http://localhost:3000"));
  ASSERT_TRUE(by.allow_wagi_host("http://[::1]:3000/"));
  EXPECT_TRUE(reaches(by, http("api.example.com", 8080), "93.184.216.34")) << "the host alone counts";
  EXPECT_FALSE(reaches(by, http("api.example.com"), "10.0.0.1"));
  EXPECT_TRUE(reaches(by, https("localhost"), "127.0.0.1"));
  EXPECT_TRUE(reaches(by, https("::1"), "::1"));
  EXPECT_FALSE(by.permits(http("www.api.example.com")));
  EXPECT_FALSE(by.permits(tcp("api.example.com", 80)));

  Rules all;
  ASSERT_TRUE(all.allow_wagi_host("insecure:allow-all"));
  EXPECT_TRUE(reaches(all, http("anything", 1), "169.254.169.254"));
  EXPECT_FALSE(all.permits(tcp("anything", 1)));

  for (const auto* bad : {"api.example.com", "", "://a", "http://", "https:///x", "localhost:3000"}) {
    Rules broken = by;
    EXPECT_EQ(broken.allow_wagi_host(bad).error().code, ErrorCode::kBadConfig) << bad;
    EXPECT_EQ(broken.permits(https("api.example.com")).error().why, Failure::Why::kBadUrl);
  }
}

TEST(Destination, IsHostAndPort) {
  EXPECT_EQ(parse_tcp_destination("Db:5432")->text(), "db:5432");
  EXPECT_EQ(parse_tcp_destination("[0::1]:80")->text(), "[::1]:80");
  EXPECT_EQ(parse_tcp_destination("[::ffff:127.0.0.1]:80")->text(), "127.0.0.1:80");
  for (const auto* bad : {"", "a", "a:", "a:0", "::1:80", "[a]:80", "a:80 ", "*:80", "[fe80::1%lo]:80", "127.1:80"}) {
    EXPECT_FALSE(parse_tcp_destination(bad)) << bad;
  }
}

}  // namespace
}  // namespace mayfly::egress
