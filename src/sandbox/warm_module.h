#pragma once

#include "sandbox/sandbox.h"
#include "sandbox/warm_sandbox.h"

#include <cstddef>
#include <memory>

namespace mayfly::sandbox {

// The sandbox of a module whose entry point is called for one request after the other.
class WarmModule final : public WarmSandbox, private GuestHost {
 public:
  WarmModule(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
             Surroundings surroundings);

  bool has_room() const override { return host_ == nullptr && !is_done_; }
  bool is_empty() const override { return host_ == nullptr; }
  bool is_done() const override { return is_done_; }
  std::unique_ptr<Instance> enter(std::shared_ptr<WarmSandbox> self, const Inputs& inputs, GuestHost& host) override;

 private:
  class Seat;

  void leave(bool ended_well);

  // GuestHost, for the one that runs
  bool output_ready() override { return host_ == nullptr || host_->output_ready(); }
  Status write_output(std::string_view bytes) override;
  void write_log(std::string_view bytes) override;
  void wake() override;
  net::Loop& loop() override { return surroundings_.loop; }
  egress::Gate& egress() override { return surroundings_.egress; }

  const Surroundings surroundings_;
  const std::size_t serves_;
  Inputs inputs_;
  std::size_t served_ = 0;
  bool is_done_ = false;
  GuestHost* host_ = nullptr;  // null between requests
  Sandbox sandbox_;
};

}  // namespace mayfly::sandbox
