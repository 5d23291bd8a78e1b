#include "sandbox/warm_component.h"

#include "base/text.h"
#include "sandbox/component_seat.h"
#include "sandbox/engine.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <map>
#include <string>

namespace mayfly::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Engine& engine() {
  static const auto made = Engine::create({.slots = 16});
  return **made;
}

// Compiled once for all tests.
std::shared_ptr<const Program> load(const std::string& component) {
  engine();  // which outlives them
  static std::map<std::string, std::shared_ptr<const Program>> loaded;
  if (const auto found = loaded.find(component); found != loaded.end()) return found->second;
  const std::string bytes = guest_file("components/" + component + ".wasm");
  const auto program = engine().load(bytes, sha256_hex(bytes), "");
  EXPECT_TRUE(program) << program.error().message;
  return loaded[component] = *program;
}

// A request that has its seat, and is resumed when it is woken.
class Request : public GuestHost {
 public:
  Request(net::Loop& loop, egress::Gate& egress, const std::shared_ptr<WarmComponent>& sandbox, std::string target)
      : loop_(loop), egress_(egress) {
    request_.method = "GET";
    request_.target = std::move(target);
    inputs_.request = &request_;
    seat_.emplace(sandbox, inputs_, *this);
  }

  // Whether its request has ended.
  bool resume() {
    if (ended || !woken_) return ended;
    woken_ = false;
    const auto progress = seat_->resume();
    woken_ = progress == Instance::Progress::kYielded;
    if (progress != Instance::Progress::kEnded) return false;
    ended = true;
    outcome = seat_->outcome();
    guest = seat_->usage().guest;
    return true;
  }
  void leave() { seat_.reset(); }

  bool ended = false;
  Outcome outcome;
  std::chrono::nanoseconds guest{0};
  std::string body, log;
  Status on_send;

 private:
  bool output_ready() override { return true; }
  Status write_output(std::string_view) override { return {}; }
  void write_log(std::string_view bytes) override { log += bytes; }
  Status send(std::string_view bytes) override {
    body += bytes;
    return on_send;
  }
  void wake() override { woken_ = true; }
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  net::Loop& loop_;
  egress::Gate& egress_;
  http::Request request_;
  Inputs inputs_;
  bool woken_ = true;
  std::optional<ComponentSeat> seat_;
};

class Warm : public testing::Test {
 protected:
  void make(const std::string& component, Limits limits) {
    limits_ = limits;
    sandbox_ = std::make_shared<WarmComponent>(load(component), inputs_, limits_,
                                               WarmComponent::Surroundings{loop_, egress_, [this] { ++left_; }});
  }
  Request& ask(std::string target) { return requests_.emplace_back(loop_, egress_, sandbox_, std::move(target)); }
  void run(std::initializer_list<Request*> requests) {
    const auto until = steady_clock::now() + std::chrono::seconds(20);
    for (auto* request : requests) {
      while (!request->resume() && steady_clock::now() < until) {
        for (Request& other : requests_) other.resume();
        loop_.io().restart();
        loop_.io().run_one_for(milliseconds(5));
      }
      ASSERT_TRUE(request->ended);
    }
  }
  // The body of one request, from its first byte to the end of its seat.
  std::string answer(const std::string& target) {
    Request& request = ask(target);
    run({&request});
    EXPECT_FALSE(request.outcome.error) << request.outcome.error->message;
    request.leave();
    return request.body;
  }

  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 0}};
  egress::Gate egress_{loop_, resolver_};
  Inputs inputs_;
  Limits limits_;
  int left_ = 0;
  std::shared_ptr<WarmComponent> sandbox_;
  std::list<Request> requests_;
};

TEST_F(Warm, ServesOneRequestAfterTheOtherUntilItIsDone) {
  make("http2-count", {.reuse = 3});
  for (const auto* number : {"1\n", "2\n", "3\n"}) EXPECT_EQ(answer("/"), number);
  EXPECT_TRUE(sandbox_->is_done() && sandbox_->is_empty());
  EXPECT_EQ(left_, 3);
}

TEST_F(Warm, HasNoRoomForMoreThanItTakesAtOnce) {
  make("http3-count", {.reuse = 10, .reuse_concurrency = 2});
  Request& slow = ask("/?wait=100");
  EXPECT_TRUE(sandbox_->has_room());
  Request& fast = ask("/");
  EXPECT_FALSE(sandbox_->has_room());
  run({&fast});
  EXPECT_TRUE(sandbox_->has_room()) << "before it has given its seat up";
  EXPECT_FALSE(slow.ended);
  run({&slow});
  EXPECT_EQ(fast.body + slow.body, "2 of 2\n1 of 1\n");
}

TEST_F(Warm, HandsTheResumingToAnotherWhenWhoDidItLeaves) {
  make("http3-count", {.reuse = 10, .reuse_concurrency = 4});
  Request& slow = ask("/?wait=20000");
  slow.resume();
  Request& spins = ask("/?spin=30");
  spins.resume();
  slow.leave();
  EXPECT_TRUE(sandbox_->is_done()) << "what was left in the middle is still in it";
  run({&spins});
  EXPECT_FALSE(spins.outcome.error);
}

TEST_F(Warm, SharesTheTimeAmongThoseWhoAreThere) {
  make("http3-count", {.reuse = 10, .reuse_concurrency = 2});
  Request& waits = ask("/?wait=400");
  waits.resume();
  Request& spins = ask("/?spin=100");
  run({&spins, &waits});
  EXPECT_GT(spins.guest, milliseconds(0));
  EXPECT_LT(spins.guest, milliseconds(90));
  EXPECT_GT(waits.guest, spins.guest * 3 / 4);  // who only waits is charged as much
}

TEST_F(Warm, EndsARequestThatItsClientRefuses) {
  make("http3-count", {.reuse = 10, .reuse_concurrency = 2});
  Request& beside = ask("/?wait=50");
  Request& refused = ask("/");
  refused.on_send = fail(ErrorCode::kResponseTooLarge, "too much");
  run({&refused, &beside});
  ASSERT_TRUE(refused.outcome.error);
  EXPECT_EQ(refused.outcome.error->code, ErrorCode::kResponseTooLarge);
  EXPECT_FALSE(beside.outcome.error);
}

TEST_F(Warm, ATrapEndsEverybodyAndIsTracedOnce) {
  make("http3-count", {.reuse = 10, .reuse_concurrency = 2});
  Request& beside = ask("/?wait=10000");
  Request& traps = ask("/?trap");
  run({&traps, &beside});
  EXPECT_EQ(traps.outcome.error->code, ErrorCode::kTrap);
  EXPECT_EQ(beside.outcome.error->code, ErrorCode::kTrap);
  EXPECT_NE(traps.outcome.backtrace.empty(), beside.outcome.backtrace.empty());
}

TEST_F(Warm, LogsWithTheLastToCome) {
  make("http2-count", {.reuse = 10});
  answer("/?print");
  answer("/?print");
  EXPECT_EQ(requests_.front().log + requests_.back().log, "request 1\nrequest 2\n");
}

TEST_F(Warm, MayBeLeftBeforeItHasRun) {
  make("http2-count", {.reuse = 10});
  ask("/").leave();
  EXPECT_TRUE(sandbox_->is_done() && sandbox_->is_empty());
}

}  // namespace
}  // namespace mayfly::sandbox
