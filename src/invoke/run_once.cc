#include "invoke/run_once.h"

#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"

#include <fmt/format.h>

#include <utility>

namespace mayfly::invoke {
namespace {

using sandbox::Instance;
using std::chrono::steady_clock;

// A slot of the engine's, given back.
class Slot {
 public:
  explicit Slot(sandbox::Engine& engine) : engine_(engine), taken_(engine.take_slot()) {}
  ~Slot() {
    if (taken_) engine_.return_slot();
  }
  Slot(const Slot&) = delete;

  bool taken() const { return taken_; }

 private:
  sandbox::Engine& engine_;
  bool taken_;
};

class Run final : public sandbox::GuestHost {
 public:
  Run(const sandbox::Limits& limits, GuestLog& log) : limits_(limits), log_(log) {}

  Result<std::string> run(const std::shared_ptr<const sandbox::Program>& program) {
    const auto deadline = steady_clock::now() + limits_.wall;
    const sandbox::Inputs nothing;
    sandbox::FreshInstance instance(program, nothing, limits_, *this);
    for (auto progress = instance.resume(); progress != Instance::Progress::kEnded; progress = instance.resume()) {
      if (progress == Instance::Progress::kWaiting && !wait_for_wake(deadline)) {
        return fail(ErrorCode::kTooSlow, fmt::format("it was not done after its {} ms", limits_.wall.count()));
      }
    }
    if (instance.outcome().error) return fail(*instance.outcome().error);
    return std::move(output_);
  }

 private:
  // GuestHost
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override {
    if (output_.size() + bytes.size() > limits_.response_bytes) {
      return fail(ErrorCode::kResponseTooLarge, fmt::format("it wrote more than {} bytes", limits_.response_bytes));
    }
    output_ += bytes;
    return {};
  }
  void write_log(std::string_view bytes) override { log_.write(bytes); }
  void wake() override { woken_ = true; }
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  bool wait_for_wake(steady_clock::time_point deadline) {
    loop_.io().restart();
    while (!woken_ && loop_.io().run_one_until(deadline) > 0) {
    }
    return std::exchange(woken_, false);
  }

  const sandbox::Limits& limits_;
  GuestLog& log_;
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 0}};  // it may connect to nothing
  egress::Gate egress_{loop_, resolver_};
  std::string output_;
  bool woken_ = false;
};

}  // namespace

Result<std::string> run_once(const std::shared_ptr<const sandbox::Program>& program, const sandbox::Limits& limits,
                             GuestLog& log) {
  const Slot slot(program->engine());
  if (!slot.taken()) return fail(ErrorCode::kOverloaded, "every sandbox of this server is in use");
  return Run(limits, log).run(program);
}

}  // namespace mayfly::invoke
