#include "egress/finder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace mayfly::egress {
namespace {

using Addresses = std::vector<Address>;

Addresses addresses(std::initializer_list<const char*> texts) {
  Addresses made;
  for (const char* text : texts) made.push_back(boost::asio::ip::make_address(text));
  return made;
}

// Looks names up in a function of the test's.
class Find : public testing::Test {
 protected:
  std::shared_ptr<void> start(const std::string& host, Finder::Found found) {
    return finder.find(rules, {Protocol::kTcp, host, 80}, std::move(found));
  }
  Reached<Addresses> find(const std::string& host) {
    std::optional<Reached<Addresses>> answer;
    const auto search = start(host, [&](const auto& found) { answer = found; });
    EXPECT_FALSE(answer) << "it is answered later";
    while (!answer && loop.io().run_one() > 0) loop.io().restart();
    return *answer;
  }

  std::function<Addresses(const std::string&)> lookup = [](const std::string&) { return addresses({"93.184.216.34"}); };
  std::atomic<std::int64_t> seconds = 0;  // of the clock
  std::atomic<int> lookups = 0;
  net::Loop loop;
  Resolver resolver{{.threads = 2,
                     .lookup =
                         [this](const std::string& name) {
                           ++lookups;
                           return lookup(name);
                         },
                     .now = [this] { return Resolver::Clock::time_point(std::chrono::seconds(seconds)); },
                     .patience = std::chrono::milliseconds(100)}};
  Finder finder{loop, resolver};
  Rules rules = [] {
    Rules made;
    EXPECT_TRUE(made.allow("tcp=*"));
    return made;
  }();
};

TEST_F(Find, GivesTheAddressesOfAName) {
  EXPECT_EQ(find("good.example"), addresses({"93.184.216.34"}));
  EXPECT_EQ(find("93.184.216.35"), addresses({"93.184.216.35"}));
  EXPECT_EQ(lookups, 1) << "a number needs none";
}

TEST_F(Find, ChecksWhatANameLeadsTo) {
  for (const auto* inside : {"127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1"}) {
    lookup = [&](const std::string&) { return addresses({inside}); };
    seconds += 10;
    EXPECT_EQ(find("evil.example").error().why, Failure::Why::kNotAllowed) << inside;
    EXPECT_EQ(find(inside).error().why, Failure::Why::kNotAllowed);
  }
}

TEST_F(Find, ChecksEachAnswerOfANameThatChangesItsMind) {
  EXPECT_TRUE(find("rebinding.example"));
  lookup = [](const std::string&) { return addresses({"127.0.0.1"}); };
  EXPECT_TRUE(find("rebinding.example")) << "remembered";
  seconds += 6;
  EXPECT_EQ(find("rebinding.example").error().why, Failure::Why::kNotAllowed);
}

TEST_F(Find, NeverAsksForLocalhost) {
  lookup = [](const std::string&) { return addresses({"93.184.216.34"}); };
  EXPECT_EQ(find("localhost").error().why, Failure::Why::kNotAllowed);
  ASSERT_TRUE(rules.allow("tcp=localhost:80"));
  EXPECT_EQ(find("localhost"), addresses({"127.0.0.1", "::1"}));
  EXPECT_EQ(lookups, 0);
}

TEST_F(Find, AsksForNoNameThatTheRulesRefuse) {
  rules = {};
  EXPECT_EQ(find("secret-as-a-name.example").error().why, Failure::Why::kNotAllowed);
  EXPECT_EQ(lookups, 0);
}

TEST_F(Find, SaysThatThereIsNoSuchName) {
  lookup = [](const std::string&) { return Addresses(); };
  EXPECT_EQ(find("nowhere.example").error().why, Failure::Why::kUnknownName);
  EXPECT_EQ(find("nowhere.example").error().why, Failure::Why::kUnknownName);
  EXPECT_EQ(lookups, 1) << "that is remembered, too";
}

TEST_F(Find, LooksUpOnceWhatManyWaitFor) {
  std::promise<void> release;
  lookup = [held = release.get_future().share()](const std::string&) {
    held.wait();
    return addresses({"93.184.216.34"});
  };
  int answers = 0;
  std::vector<std::shared_ptr<void>> searches;
  for (int i = 0; i < 1000; ++i) searches.push_back(start("slow.example", [&](const auto&) { ++answers; }));
  searches.front().reset();
  release.set_value();
  while (answers < 999) loop.io().run_one();
  loop.io().poll();
  EXPECT_EQ(answers, 999) << "the one that was given up is not called";
  EXPECT_EQ(lookups, 1);
}

TEST_F(Find, GivesUpWaiting) {
  std::promise<void> release;
  lookup = [held = release.get_future().share()](const std::string&) {
    held.wait();
    return addresses({"93.184.216.34"});
  };
  EXPECT_EQ(find("silent.example").error().why, Failure::Why::kTimeout);
  release.set_value();
  EXPECT_TRUE(resolver.stop(std::chrono::seconds(5)));
}

TEST_F(Find, BoundsTheNamesThatWait) {
  std::promise<void> release;
  lookup = [held = release.get_future().share()](const std::string&) {
    held.wait();
    return addresses({"93.184.216.34"});
  };
  std::vector<std::shared_ptr<void>> searches;
  int refused = 0;
  for (std::size_t i = 0; i < kMaxLookups + 10; ++i) {
    searches.push_back(start("n" + std::to_string(i) + ".example", [&](const auto& found) { refused += !found; }));
  }
  loop.io().poll();
  EXPECT_GE(refused, 8) << "two are with the threads";
  EXPECT_LE(refused, 10);
  release.set_value();
}

TEST_F(Find, ForgetsNames) {
  for (std::size_t i = 0; i < 2 * kMaxKeptNames; ++i) ASSERT_TRUE(find("n" + std::to_string(i) + ".example"));
  const int before = lookups;
  EXPECT_TRUE(find("n0.example"));
  EXPECT_EQ(lookups, before + 1);
}

TEST_F(Find, LooksUpNamesThatRulesMentionWhateverTheyReach) {
  rules = {};
  ASSERT_TRUE(rules.allow("tcp=inside.example:5432"));
  lookup = [](const std::string&) { return addresses({"10.0.0.1"}); };
  const auto look_up = [&](const std::string& host) {
    std::optional<Reached<Addresses>> answer;
    const auto search = finder.look_up(rules, host, [&](const auto& found) { answer = found; });
    while (!answer && loop.io().run_one() > 0) loop.io().restart();
    return *answer;
  };
  EXPECT_EQ(look_up("inside.example"), addresses({"10.0.0.1"}));
  EXPECT_EQ(look_up("other.example").error().why, Failure::Why::kNotAllowed);
  EXPECT_EQ(lookups, 1);
}

TEST(Resolver, AsksTheSystem) {
  const auto found = Resolver::system_lookup("localhost");
  EXPECT_NE(std::ranges::find(found, Address(boost::asio::ip::address_v4::loopback())), found.end());
  EXPECT_TRUE(Resolver::system_lookup("no-such-name.invalid").empty());
}

}  // namespace
}  // namespace mayfly::egress
