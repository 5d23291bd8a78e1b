#pragma once

#include "sandbox/component_call.h"
#include "sandbox/cpu_meter.h"
#include "sandbox/guest.h"
#include "sandbox/instance.h"
#include "sandbox/program.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

struct mayfly_instance_t;

namespace mayfly::sandbox {

class Seat;

// A sandbox that serves several HTTP requests, for a function that asks for it: one after the other, or at once. Each
// has a Seat in it, and whoever is resumed first runs the guest on for all. Between requests nothing of it runs.
// Belongs to one loop; away from that only while its one seat is.
class WarmSandbox final : private GuestHost {
 public:
  // What is given outlives it; `inputs` have no request. `left` is called when a seat has been given up.
  struct Surroundings {
    net::Loop& loop;
    egress::Gate& egress;
    std::function<void()> left;
  };
  WarmSandbox(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
              Surroundings surroundings);
  ~WarmSandbox() override;

  // Whether it takes one more request now.
  bool has_room() const;
  bool is_empty() const { return taken_ == 0; }
  // Whether it takes no more requests, ever: it has served as many as it may, or one of them ended badly.
  bool is_done() const { return is_done_; }
  const Program& program() const { return *program_; }

 private:
  friend class Seat;
  struct Callbacks;

  void enter(Seat& seat, const Inputs& inputs);
  void leave(Seat& seat);
  bool poll(Instance::Where where, const Seat& driver);  // whether a tick suspended it
  void end(Seat& seat, std::optional<Error> error);
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
  std::chrono::nanoseconds charged_{0};   // of what the meter shows
  std::chrono::nanoseconds per_seat_{0};  // what a seat would have been charged that was there from the start
  std::vector<Seat*> seats_;              // whose request has not ended
  std::vector<Seat*> just_ended_;         // in the poll that runs now
  std::size_t served_ = 0;
  std::size_t taken_ = 0;  // seats, with those whose request has ended
  bool is_done_ = false;
  bool is_away_ = false;
  bool is_due_ = false;  // to be polled, without another wake()
  ComponentHost component_;
  mayfly_instance_t* engine_instance_;
};

}  // namespace mayfly::sandbox
