#include "invoke/admission.h"

#include "sandbox/engine.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <optional>
#include <thread>

namespace mayfly::invoke {
namespace {

constexpr std::uint32_t kSlots = 3;

sandbox::Engine& engine() {
  static const auto made = sandbox::Engine::create({.slots = kSlots});
  return **made;
}

registry::VersionPtr version_of(const std::string& function, const std::string& tenant, std::size_t concurrency,
                                std::size_t queue) {
  registry::Version::Facts facts;
  facts.function = function;
  facts.settings.tenant = tenant;
  facts.settings.limits.concurrency = concurrency;
  facts.settings.limits.queue = queue;
  return std::make_shared<const registry::Version>(std::move(facts), std::make_shared<metrics::Invocations>());
}

// Requests for places, by name, and the order in which they were admitted.
class AdmissionTest : public testing::Test {
 protected:
  ~AdmissionTest() override {
    places.clear();
    EXPECT_EQ(engine().slots_used(), 0u);
    EXPECT_EQ(admission.waiting(), 0u);
  }

  std::optional<ErrorCode> enter(const std::string& name, const registry::VersionPtr& version) {
    const auto entered = admission.enter(places[name], version, loop, [this, name] { order += name + ' '; });
    if (!entered) return entered.error().code;
    if (*entered == Admission::Entry::kAdmitted) order += name + ' ';
    return std::nullopt;
  }
  void leave(const std::string& name) {
    places.erase(name);
    loop.io().restart();
    loop.io().poll();
  }

  net::Loop loop;
  Admission admission{engine()};
  std::map<std::string, Admission::Place> places;
  std::string order;
};

// Whoever tries takes, looks, and gives back. Another thread that comes in between finds less than there is.
TEST_F(AdmissionTest, HandsOnWhatATryHeldWhileItIsRefused) {
  const auto version = version_of("f", "t", 1, 1);
  version->metrics().running.fetch_add(1);
  EXPECT_FALSE(enter("1", version));
  version->metrics().running.fetch_sub(1);
  EXPECT_EQ(order, "");
  enter("2", version);
  leave("none");
  EXPECT_EQ(order, "1 ");
}

TEST_F(AdmissionTest, LetsAFunctionRunUpToItsConcurrencyAndQueuesTheRest) {
  const auto version = version_of("f", "t", 2, 2);
  for (const auto* name : {"1", "2", "3", "4"}) EXPECT_FALSE(enter(name, version));
  EXPECT_EQ(order, "1 2 ");
  EXPECT_EQ(enter("5", version), ErrorCode::kTooManyRequests);
  EXPECT_EQ(version->metrics().refused, 1u);
  EXPECT_EQ(version->metrics().waiting, 2u);
  leave("1");
  EXPECT_EQ(order, "1 2 3 ");
  EXPECT_FALSE(enter("6", version)) << "there is room in the queue again";
  leave("3");
  leave("2");
  EXPECT_EQ(order, "1 2 3 4 6 ");
  EXPECT_EQ(version->metrics().running, 2u);
}

TEST_F(AdmissionTest, KeepsABusyFunctionFromDelayingAnother) {
  const auto busy = version_of("busy", "t", 1, 10);
  const auto other = version_of("other", "t", 10, 10);
  for (const auto* name : {"b1", "b2", "b3"}) enter(name, busy);
  enter("o1", other);
  EXPECT_EQ(order, "b1 o1 ");
}

TEST_F(AdmissionTest, SharesAFullMachineBetweenTenantsAndTheirFunctions) {
  const auto a = version_of("a", "one", 10, 10), b = version_of("b", "one", 10, 10), c = version_of("c", "two", 10, 10);
  for (const auto* name : {"a1", "a2", "a3", "a4", "a5"}) enter(name, a);
  enter("b1", b);
  for (const auto* name : {"c1", "c2"}) enter(name, c);
  EXPECT_EQ(order, "a1 a2 a3 ");
  for (const auto* name : {"a1", "a2", "a3", "a4", "c1"}) leave(name);
  EXPECT_EQ(order, "a1 a2 a3 a4 c1 b1 c2 a5 ");
}

TEST_F(AdmissionTest, LetsThoseWhoWaitLeaveEarly) {
  const auto limited = version_of("f", "t", 1, 10), free = version_of("g", "t", 10, 10);
  for (const auto* name : {"1", "2", "3"}) enter(name, limited);
  for (const auto* name : {"x", "y", "z"}) enter(name, free);
  EXPECT_EQ(order, "1 x y ");
  EXPECT_FALSE(places["2"].waits_for_sandbox());
  EXPECT_TRUE(places["z"].waits_for_sandbox());
  leave("2");  // waits for its function
  leave("z");  // waits for a sandbox
  leave("x");
  leave("1");
  EXPECT_EQ(order, "1 x y 3 ");
}

TEST_F(AdmissionTest, TakesBackWhatWasGrantedToOneWhoLeft) {
  const auto version = version_of("f", "t", 1, 10);
  for (const auto* name : {"1", "2", "3"}) enter(name, version);
  places.erase("1");  // grants to 2, who is told later
  places.erase("2");
  loop.io().restart();
  loop.io().poll();
  EXPECT_NE(order.find("3 "), std::string::npos);
  EXPECT_EQ(version->metrics().running, 1u);
}

// Each of more threads than may run, or wait, tries again and again. What is lost on the way is waited for in vain.
TEST_F(AdmissionTest, LosesNothingBetweenThreads) {
  const std::vector<registry::VersionPtr> versions = {version_of("f", "t", 2, 1), version_of("g", "u", 3, 1)};
  std::atomic<int> in_vain = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 6; ++i) {
      threads.emplace_back([&, version = versions[i % versions.size()]] {
        net::Loop own;
        const auto waits = boost::asio::make_work_guard(own.io());
        for (int turn = 0; turn < 3000 && in_vain == 0; ++turn) {
          Admission::Place place;
          bool admitted = false;
          const auto entered = admission.enter(place, version, own, [&] { admitted = true; });
          if (entered && *entered == Admission::Entry::kQueued) {
            own.io().run_one_for(std::chrono::seconds(5));
            in_vain += !admitted;
          }
          std::this_thread::yield();  // with what it has
        }
      });
    }
  }
  EXPECT_EQ(in_vain, 0);
  for (const auto& version : versions) {
    EXPECT_EQ(version->metrics().running, 0u);
    EXPECT_EQ(version->metrics().waiting, 0u);
  }
}

}  // namespace
}  // namespace mayfly::invoke
