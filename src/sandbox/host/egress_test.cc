// What the imports that connect do with the egress gate: `env.tcp_*` and `wasi_experimental_http`.
#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <future>

namespace mayfly::sandbox {
namespace {

using tcp = boost::asio::ip::tcp;

Engine& engine() {
  static const auto made = Engine::create({.slots = 4});
  return **made;
}

// One guest, with names that lead where the test says.
class Connecting : public testing::Test, public GuestHost {
 protected:
  void start(const std::string& guest, std::initializer_list<const char*> capabilities) {
    const std::string text = guest_text(guest);
    const auto program = engine().load(text, sha256_hex(text), "");
    ASSERT_TRUE(program) << program.error().message;
    for (const auto* capability : capabilities) ASSERT_TRUE(rules_.allow(capability)) << capability;
    inputs_.egress = &rules_;
    inputs_.table = &table_;
    program_ = *program;
    instance_.emplace(program_, inputs_, limits_, *this);
    run();
  }
  void finish() {
    while (progress_ != Instance::Progress::kEnded) {
      while (!woken_ && loop_.io().run_one() > 0) loop_.io().restart();
      woken_ = false;
      run();
    }
  }
  // Until it waits or ends: a tick may come at any instruction.
  void run() {
    do progress_ = instance_->resume();
    while (progress_ == Instance::Progress::kYielded);
  }
  // Input of http-request.wat.
  void ask(const std::string& url) {
    const std::uint32_t numbers[] = {1, 0x300000, 3, static_cast<std::uint32_t>(url.size()), 0, 0};
    input_ = std::string(reinterpret_cast<const char*>(numbers), sizeof numbers) + "GET" + url;
    inputs_.standard_input = input_;
  }
  std::uint32_t code() const {
    std::uint32_t number = 99;
    if (output_.size() >= sizeof number) std::memcpy(&number, output_.data(), sizeof number);
    return number;
  }

  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override {
    output_ += bytes;
    return {};
  }
  void write_log(std::string_view bytes) override { log_ += bytes; }
  void wake() override {
    EXPECT_TRUE(instance_) << "woken after it was cancelled";
    woken_ = true;
  }
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  std::function<std::vector<egress::Address>()> lookup_ = [] {
    return std::vector{boost::asio::ip::make_address("127.0.0.1")};
  };
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 1, .lookup = [this](const std::string&) { return lookup_(); }}};
  egress::Gate egress_{loop_, resolver_};
  egress::Rules rules_;
  std::map<std::string, std::string, std::less<>> table_;
  std::string input_, output_, log_;
  Inputs inputs_;
  Limits limits_;
  std::shared_ptr<const Program> program_;
  std::optional<FreshInstance> instance_;
  Instance::Progress progress_ = Instance::Progress::kEnded;
  bool woken_ = false;
};

TEST_F(Connecting, CountsWhatItUses) {
  tcp::acceptor backend(loop_.io(), {boost::asio::ip::address_v4::loopback(), 0});
  table_["to"] = "127.0.0.1:" + std::to_string(backend.local_endpoint().port());
  start("tcp-connect", {"tcp=127.0.0.1:*"});
  finish();
  EXPECT_EQ(instance_->guest().response().status, 200) << log_;
  EXPECT_EQ(instance_->guest().egress_usage().connections, 1u);
  EXPECT_EQ(instance_->guest().egress_usage().refused, 0u);
}

TEST_F(Connecting, SaysInItsLogWhatIsMissing) {
  for (const auto& [to, said] :
       {std::pair{"10.0.0.5:80", "10.0.0.5:80 is a private address; grant it with allow=tcp=10.0.0.5:80"},
        {"evil.example:80",
         "evil.example:80 leads to 127.0.0.1, a loopback address; grant it with "
         "allow=tcp=127.0.0.1:80, or all such addresses with allow=private"},
        {"[::ffff:169.254.169.254]:80",
         "169.254.169.254:80 is a link-local address; grant it with "
         "allow=tcp=169.254.169.254:80"},
        {"nonsense", "`nonsense` is not HOST:PORT"}}) {
    log_.clear();
    table_["to"] = to;
    start("tcp-connect", {"tcp=*"});
    finish();
    EXPECT_EQ(instance_->guest().response().status, 404);
    EXPECT_EQ(log_, std::string("tcp_connect: ") + said + "\n");
    instance_.reset();
  }
  ask("http://evil.example/");
  log_.clear();
  start("http-request", {"http=*"});
  finish();
  EXPECT_EQ(code(), 7u);
  EXPECT_EQ(log_,
            "req: http://evil.example leads to 127.0.0.1, a loopback address; grant it with "
            "allow=http=http://127.0.0.1, or all such addresses with allow=private\n");
  EXPECT_EQ(instance_->guest().egress_usage().refused, 1u);
}

TEST_F(Connecting, IsDeniedUnlessItIsAllowed) {
  table_["to"] = "93.184.216.34:80";
  start("tcp-connect", {});
  finish();
  EXPECT_EQ(log_, "tcp_connect: 93.184.216.34:80 is not granted; grant it with allow=tcp=93.184.216.34:80\n");
}

TEST_F(Connecting, NeedsAMemoryForHttp) {
  start("http-no-memory", {"http=*"});
  finish();
  EXPECT_EQ(instance_->outcome().value, "2");
}

// The guest goes while its name is looked up, while it connects, and while it waits for an answer.
class Cancelled : public Connecting, public testing::WithParamInterface<const char*> {};

TEST_P(Cancelled, HearsNothingMore) {
  std::promise<void> release;
  if (std::string_view(GetParam()) == "lookup") {
    lookup_ = [held = release.get_future().share()] {
      held.wait();
      return std::vector{boost::asio::ip::make_address("127.0.0.1")};
    };
  }
  tcp::acceptor silent(loop_.io(), {boost::asio::ip::address_v4::loopback(), 0});
  const std::string to = "name.example:" + std::to_string(silent.local_endpoint().port());
  table_["to"] = to;
  ask("http://" + to + "/");
  for (const auto* guest : {"tcp-connect", "http-request"}) {
    start(guest, {"tcp=*", "http=*", "private"});
    ASSERT_EQ(progress_, Instance::Progress::kWaiting);
    if (std::string_view(GetParam()) == "answer" && std::string_view(guest) == "http-request") {
      while (instance_->guest().egress_usage().requests == 0) loop_.io().run_one();
      for (int i = 0; i < 10; ++i) loop_.io().poll();
    }
    instance_.reset();
  }
  release.set_value();
  EXPECT_TRUE(resolver_.stop(std::chrono::seconds(5)));
  loop_.io().poll();
}

INSTANTIATE_TEST_SUITE_P(Moments, Cancelled, testing::Values("start", "lookup", "answer"));

}  // namespace
}  // namespace mayfly::sandbox
