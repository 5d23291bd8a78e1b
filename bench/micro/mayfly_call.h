#pragma once

#include "egress/gate.h"
#include "guests.h"
#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"

#include <memory>
#include <string>

namespace mayfly::bench {

// Calls a guest as a loop of the server does, with a fresh sandbox each time, without HTTP around it.
class MayflyCall : sandbox::GuestHost {
 public:
  MayflyCall(sandbox::Engine& engine, const Guest& guest);

  void operator()();

 private:
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override;
  void write_log(std::string_view) override {}
  void wake() override { woken_ = true; }
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  const Guest& guest_;
  std::shared_ptr<const sandbox::Program> program_;
  sandbox::Limits limits_;
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 1}};
  egress::Gate egress_{loop_, resolver_};
  std::string output_;
  bool woken_ = false;
};

}  // namespace mayfly::bench
