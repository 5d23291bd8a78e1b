#include "invoke/run_once.h"

#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
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
  explicit Run(const sandbox::Limits& limits) : limits_(limits) {}

  Ran run(const std::shared_ptr<const sandbox::Program>& program, const sandbox::Inputs& inputs,
          sandbox::FreshPool* pool) {
    const auto deadline = steady_clock::now() + limits_.wall;
    sandbox::FreshInstance instance(program, inputs, limits_, *this, pool);
    for (auto progress = instance.resume(); progress != Instance::Progress::kEnded; progress = instance.resume()) {
      if (progress == Instance::Progress::kWaiting && !wait_for_wake(deadline)) {
        ran_.error = Error{ErrorCode::kTooSlow, fmt::format("it was not done after its {} ms", limits_.wall.count())};
        return std::move(ran_);
      }
    }
    ran_.error = std::move(instance.outcome().error);
    ran_.image = instance.take_image();
    ran_.memory_peak = instance.usage().memory_peak;
    ran_.keeps_files_open = instance.guest().descriptors().open() > 3 + inputs.mounts.size();
    return std::move(ran_);
  }

 private:
  // GuestHost
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override {
    if (ran_.output.size() + bytes.size() > limits_.response_bytes) {
      return fail(ErrorCode::kResponseTooLarge, fmt::format("it wrote more than {} bytes", limits_.response_bytes));
    }
    ran_.output += bytes;
    return {};
  }
  void write_log(std::string_view bytes) override {
    ran_.log += bytes.substr(0, limits_.log_bytes - std::min(limits_.log_bytes, ran_.log.size()));
  }
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
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 0}};  // it may connect to nothing
  egress::Gate egress_{loop_, resolver_};
  Ran ran_;
  bool woken_ = false;
};

}  // namespace

Ran run_once(const std::shared_ptr<const sandbox::Program>& program, const sandbox::Inputs& inputs,
             const sandbox::Limits& limits, sandbox::FreshPool* pool) {
  const Slot slot(program->engine());
  if (!slot.taken()) return {.error = Error{ErrorCode::kOverloaded, "every sandbox of this server is in use"}};
  std::unique_ptr<Run> run;
  try {
    run = std::make_unique<Run>(limits);
  } catch (const std::exception& why) {  // of Asio, whose loops take memory and descriptors
    return {.error = Error{ErrorCode::kServerMemory, fmt::format("no event loop for a guest: {}", why.what())}};
  }
  return run->run(program, inputs, pool);
}

}  // namespace mayfly::invoke
