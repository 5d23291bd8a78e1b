#include "invoke/invocation.h"

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace mayfly::invoke {
namespace {

sandbox::Engine& engine() {
  static const auto made = sandbox::Engine::create({.slots = 4});
  return **made;
}

// Loads a guest of tests/guests when the invocation asks, as deploy would.
class TestLoader : public Loader {
 public:
  void load(const registry::VersionPtr& version, net::Loop& loop, Done done) override {
    const std::string text = sandbox::guest_text(version->function());
    auto program = engine().load(text, sha256_hex(text), version->settings().entry);
    Result<registry::Version::LoadedPtr> loaded;
    if (program) loaded = version->set_loaded({*program, {}});
    else loaded = fail(program.error());
    loop.post([loaded, done = std::move(done)] { done(loaded); });
  }
};

// A client that reads only when told to.
class TestSink : public ResponseSink {
 public:
  void respond(http::Response response) override {
    whole = std::move(response);
    ended = true;
  }
  bool streams() const override { return takes_parts; }
  std::optional<std::size_t> most_bytes() const override { return most; }
  void start(http::Response head, std::optional<std::uint64_t>) override { started = std::move(head); }
  void write(std::string_view bytes) override {
    streamed += bytes;
    backlog += bytes.size();
  }
  void finish(const http::Fields&) override { ended = finished = true; }
  void abort(http::Response why) override {
    ended = aborted = true;
    problem = std::move(why);
  }
  void account(const metrics::Receipt& given) override { receipt = given; }
  bool writable() const override { return backlog < 100'000; }
  void on_writable(std::function<void()> resume) override { resume_ = std::move(resume); }
  void watch_client() override {}

  void read_all() {
    backlog = 0;
    if (resume_) std::exchange(resume_, nullptr)();
  }

  bool takes_parts = true;
  std::optional<std::size_t> most;
  std::optional<http::Response> whole, started, problem;
  std::string streamed;
  std::optional<metrics::Receipt> receipt;
  std::size_t backlog = 0;
  bool ended = false, finished = false, aborted = false;

 private:
  std::function<void()> resume_;
};

// Calls a guest once and lets the loop run until the response has ended, or `until` says so.
class Called {
 public:
  explicit Called(const std::string& guest, sandbox::Settings settings = {}, std::string body = "",
                  unsigned background_threads = 1)
      : background(background_threads) {
    request.method = "POST";
    request.target = "/" + guest;
    request.body = std::move(body);
    registry::Version::Facts facts;
    facts.function = guest;
    facts.settings = std::move(settings);
    version = std::make_shared<const registry::Version>(std::move(facts), std::make_shared<metrics::Invocations>());
    CallRequest call{version,
                     {request, version->function(), request.target, request.target, "", "", "", request.body.size()},
                     request.body,
                     nullptr,
                     "id"};
    const Environment environment{loop, turns, warm, fresh, admission, background, loader, log, egress};
    invocation = std::make_shared<Invocation>(environment, std::move(call), sink);
    invocation->start();
  }

  Called& run() {
    while (!sink.ended) turn();
    return *this;
  }
  // One handler of the loop, if there is one before long: a guest in the background comes home by itself.
  void turn() {
    loop.io().restart();
    loop.io().run_one_for(std::chrono::milliseconds(5));
  }

  std::string_view problem() const { return sink.whole ? sink.whole->body : std::string_view(); }

  net::Loop loop;
  RunQueue turns{loop};
  Admission admission{engine()};
  Background background;
  egress::Resolver resolver{{.threads = 1}};
  egress::Gate egress{loop, resolver};
  WarmPool warm{loop, egress};
  sandbox::FreshPool fresh{loop};
  TestLoader loader;
  Log log{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  TestSink sink;
  http::Request request;
  registry::VersionPtr version;
  std::shared_ptr<Invocation> invocation;
};

TEST(Invocation, AnswersWithTheOutputOfACommand) {
  Called called("echo", {}, "hello");
  called.run();
  ASSERT_TRUE(called.sink.whole);
  EXPECT_EQ(called.sink.whole->status, 200);
  EXPECT_EQ(called.sink.whole->body, std::string("echo\0hello", 10));
  EXPECT_EQ(called.version->metrics().succeeded, 1u);
  EXPECT_EQ(engine().slots_used(), 0u);
}

TEST(Invocation, AnswersAFailureAsAProblemWithoutTheBacktrace) {
  Called called("trap");
  called.run();
  EXPECT_NE(called.problem().find("/_mayfly/errors/trap"), std::string::npos) << called.problem();
  EXPECT_EQ(called.problem().find("innermost"), std::string::npos);
  EXPECT_EQ(called.version->metrics().failed, 1u);
}

TEST(Invocation, StreamsWhatIsLargeAndWaitsForTheReader) {
  Called called("echo", {}, std::string(300'000, 'x'));
  while (called.sink.backlog < 100'000) called.turn();
  ASSERT_TRUE(called.sink.started);
  EXPECT_FALSE(called.sink.ended) << "the guest waits";
  while (!called.sink.ended) {
    called.sink.read_all();
    called.loop.io().restart();
    called.loop.io().poll();
  }
  EXPECT_TRUE(called.sink.finished);
  EXPECT_EQ(called.sink.streamed.size(), 300'005u);
}

TEST(Invocation, CutsAResponseThatFailsAfterItWasCommitted) {
  sandbox::Settings settings;
  settings.limits.response_bytes = 90'000;
  Called called("echo", settings, std::string(300'000, 'x'));
  called.run();
  EXPECT_TRUE(called.sink.aborted);
  EXPECT_FALSE(called.sink.whole);
}

TEST(Invocation, RefusesAResponseOverItsLimitBeforeItIsCommitted) {
  sandbox::Settings settings;
  settings.limits.response_bytes = 14;
  EXPECT_FALSE(Called("echo", settings, "123456789").run().problem().starts_with("{")) << "5 + 9 bytes just fit";
  EXPECT_NE(Called("echo", settings, "1234567890").run().problem().find("response-too-large"), std::string::npos);
}

TEST(Invocation, HoldsAResponseForWhoTakesNoParts) {
  Called called("echo", {}, std::string(300'000, 'x'));
  called.sink.takes_parts = false;
  called.sink.most = 300'005;
  called.run();
  ASSERT_TRUE(called.sink.whole);
  EXPECT_EQ(called.sink.whole->body.size(), 300'005u);
  Called refused("echo", {}, std::string(300'000, 'x'));
  refused.sink.takes_parts = false;
  refused.sink.most = 300'004;
  EXPECT_NE(refused.run().problem().find("body-too-large"), std::string::npos) << refused.problem();
}

TEST(Invocation, SaysWhyItCannotFinishWhatItStarted) {
  Called called("echo", {}, std::string(90'000, 'x'));
  called.sink.most = 90'004;
  called.run();
  ASSERT_TRUE(called.sink.started);
  ASSERT_TRUE(called.sink.aborted);
  EXPECT_EQ(called.sink.problem->status, 413);
  EXPECT_NE(called.sink.problem->body.find("body-too-large"), std::string::npos) << called.sink.problem->body;
}

TEST(Invocation, EndsAWaitingGuestAtItsWallLimit) {
  sandbox::Settings settings;
  settings.limits.wall = std::chrono::milliseconds(5);
  EXPECT_NE(Called("sleep", settings).run().problem().find("too-slow"), std::string::npos);
  EXPECT_EQ(engine().slots_used(), 0u);
}

TEST(Invocation, IsCancelledByItsOwner) {
  Called called("sleep");
  called.loop.io().run_one();  // loaded, and asleep
  called.invocation.reset();
  called.loop.io().restart();
  called.loop.io().run();
  EXPECT_FALSE(called.sink.ended);
  EXPECT_EQ(engine().slots_used(), 0u);
}

TEST(Invocation, WaitsForASandboxAndIsRefusedWhenNoneComesFree) {
  while (engine().take_slot()) {
  }
  sandbox::Settings settings;
  settings.limits.queue_time = std::chrono::milliseconds(5);
  EXPECT_NE(Called("run", settings).run().problem().find("overloaded"), std::string::npos);
  while (engine().slots_used() > 0) engine().return_slot();
  EXPECT_EQ(Called("run").run().sink.whole->body, "42");
}

TEST(Invocation, IsNotRefusedOnceItIsAdmitted) {
  sandbox::Settings settings;
  settings.limits.concurrency = 1;
  settings.limits.queue_time = std::chrono::milliseconds(5);
  Called called("sleep", settings);
  Admission::Place first;
  ASSERT_TRUE(called.admission.enter(first, called.version, called.loop, [] {}));
  called.turn();  // loaded, and queued
  ASSERT_EQ(called.admission.waiting(), 1u);
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  first.leave();  // it is admitted as its time is over
  called.loop.io().restart();
  called.loop.io().poll();
  EXPECT_FALSE(called.sink.ended) << called.problem();
}

TEST(Invocation, GivesAReceipt) {
  sandbox::Settings settings;
  settings.server_timing = true;
  Called called("echo", settings, "hello");
  called.run();
  ASSERT_TRUE(called.sink.receipt);
  const metrics::Receipt& receipt = *called.sink.receipt;
  EXPECT_GT(receipt.load.count(), 0);
  EXPECT_GT(receipt.instantiate.count(), 0);
  EXPECT_GT(receipt.host.count(), 0);
  EXPECT_EQ(receipt.memory_peak, 4 * 65536u);
  EXPECT_EQ(receipt.bytes_out, 10u);
  EXPECT_EQ(called.version->metrics().bytes_out, 10u);
  EXPECT_TRUE(called.sink.whole->fields.get("Server-Timing").starts_with("queue;dur="));
}

TEST(Invocation, GoesOnInTheBackgroundWhenItBurnsCpu) {
  sandbox::Settings settings;
  settings.limits.cpu = std::chrono::milliseconds(60);
  Called called("loop", settings);
  bool seen = false;
  while (!called.sink.ended) {
    seen = seen || called.background.size() == 1;
    called.turn();
  }
  EXPECT_TRUE(seen);
  EXPECT_NE(called.problem().find("too-slow"), std::string::npos) << called.problem();
  EXPECT_EQ(called.background.size(), 0u);
  EXPECT_EQ(engine().slots_used(), 0u);
}

TEST(Invocation, IsCancelledInTheBackground) {
  Called called("loop");
  while (called.background.size() == 0) called.turn();
  called.invocation.reset();
  while (engine().slots_used() > 0) called.turn();
  EXPECT_FALSE(called.sink.ended);
  EXPECT_GT(called.version->metrics().guest, 1'000'000u) << "what it used is counted all the same";
}

TEST(Invocation, EndsAtItsWallLimitWithoutATurnInTheBackground) {
  sandbox::Settings settings;
  settings.limits.wall = std::chrono::milliseconds(50);
  Called called("loop", settings, "", 0);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!called.sink.ended && std::chrono::steady_clock::now() < give_up) called.turn();
  EXPECT_NE(called.problem().find("too-slow"), std::string::npos) << called.problem();
}

TEST(Invocation, RunsOnAtHomeWhenTheBackgroundStops) {
  sandbox::Settings settings;
  settings.limits.cpu = std::chrono::milliseconds(60);
  settings.limits.wall = std::chrono::seconds(5);
  Called called("loop", settings);
  while (called.background.size() == 0) called.turn();
  called.background.stop();
  EXPECT_NE(called.run().problem().find("60 ms of CPU time"), std::string::npos) << called.problem();
}

TEST(Invocation, ComesHomeToWriteAndGoesOn) {
  Called called("burn-and-echo", {}, "hello");
  called.run();
  ASSERT_TRUE(called.sink.whole);
  EXPECT_EQ(called.sink.whole->body, "hello") << called.sink.whole->body;
}

TEST(Invocation, SaysWhyAProgramCannotBeLoaded) {
  EXPECT_NE(Called("unknown-import").run().problem().find("teleport"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::invoke
