#pragma once

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"
#include "sandbox/limits.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace mayfly::sandbox {

// For tests: the engine of all, and a program of it.
inline Engine& engine() {
  static const auto made = Engine::create({.slots = 64});
  return **made;
}

inline Result<std::shared_ptr<const Program>> load(const std::string& text) {
  return engine().load(text, sha256_hex(text), "");
}

// For tests: calls one program again and again, on a loop with a pool.
class TestCaller : public GuestHost {
 public:
  void use(const std::string& text) { program_ = load(text).value(); }

  // Instances that wait for a call.
  std::size_t idle() const { return program_->shelf().give_up(pool_, {}); }
  Limits& limits() { return limits_; }

 protected:
  // One call, to its end, which is looked at.
  void run(const Inputs& inputs, const std::function<void(FreshInstance&)>& look) {
    FreshInstance instance(program_, inputs, limits_, *this, &pool_);
    while (instance.resume() != Instance::Progress::kEnded) {
    }
    look(instance);
  }

 private:
  bool output_ready() override { return true; }
  Status write_output(std::string_view) override { return {}; }
  void write_log(std::string_view) override {}
  void wake() override {}
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  Limits limits_;
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 1}};
  egress::Gate egress_{loop_, resolver_};
  FreshPool pool_{loop_};
  std::shared_ptr<const Program> program_;
};

}  // namespace mayfly::sandbox
