#pragma once

#include "sandbox/component_call.h"
#include "sandbox/cpu_meter.h"
#include "sandbox/guest.h"
#include "sandbox/instance.h"
#include "sandbox/program.h"
#include "sandbox/warm_sandbox.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

struct mayfly_instance_t;

namespace mayfly::sandbox {

class ComponentSeat;

// The sandbox of a component that handles HTTP requests, one after the other or at once. Each has a seat in it, and
// whoever is resumed first runs the guest on for all.
class WarmComponent final : public WarmSandbox, private GuestHost {
 public:
  // `inputs` outlive it and have no request.
  WarmComponent(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
                Surroundings surroundings);
  ~WarmComponent() override;

  bool has_room() const override;
  bool is_empty() const override { return taken_ == 0; }
  bool is_done() const override { return is_done_; }
  std::unique_ptr<Instance> enter(std::shared_ptr<WarmSandbox> self, const Inputs& inputs, GuestHost& host) override;

 private:
  friend class ComponentSeat;
  struct Callbacks;

  void seat(ComponentSeat& seat, const Inputs& inputs);
  void leave(ComponentSeat& seat);
  bool poll(Instance::Where where, const ComponentSeat& driver);  // whether a tick suspended it
  void end(ComponentSeat& seat, std::optional<Error> error);
  void end_all(bool returned, const EngineOutcome& ended);
  void charge();
  static std::uint8_t on_tick(void* self);
  GuestHost* speaker() const;

  // GuestHost
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override;
  void write_log(std::string_view bytes) override;
  void wake() override;
  net::Loop& loop() override { return surroundings_.loop; }
  egress::Gate& egress() override { return surroundings_.egress; }

  const std::shared_ptr<const Program> program_;
  const Surroundings surroundings_;
  Guest guest_;
  CpuMeter meter_;
  std::chrono::nanoseconds charged_{0};     // of what the meter shows
  std::chrono::nanoseconds per_seat_{0};    // what a seat would have been charged that was there from the start
  std::vector<ComponentSeat*> seats_;       // whose request has not ended
  std::vector<ComponentSeat*> just_ended_;  // in the poll that runs now
  std::size_t served_ = 0;
  std::size_t taken_ = 0;  // seats, with those whose request has ended
  bool is_done_ = false;
  bool is_away_ = false;
  bool is_due_ = false;  // to be polled, without another wake()
  ComponentHost component_;
  mayfly_instance_t* engine_instance_;
};

}  // namespace mayfly::sandbox
