#pragma once

#include "sandbox/component_call.h"
#include "sandbox/guest.h"
#include "sandbox/program.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

struct mayfly_instance_t;

namespace mayfly::sandbox {

// How an invocation of a guest ended.
struct Outcome {
  std::optional<Error> error;  // none: it returned, or called proc_exit(0)
  std::string value;           // what `run` returned, as text; of a typed function, as JSON
  bool is_err = false;         // whether `value` is the `err` of a typed function; "" for one without payload
  std::string backtrace;       // of the guest, for the log alone
};

// The engine's handle of a memory, as bytes: its type stays out of headers.
struct alignas(8) EngineMemory {
  std::array<std::byte, 24> bytes;
};

// One invocation: a fresh sandbox, made for it and gone with it. One owner at a time.
class Instance {
 public:
  // The rest of what is given outlives the instance. Nothing of the guest runs before resume().
  Instance(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host);
  ~Instance();  // wherever the guest is, it is unwound
  Instance(const Instance&) = delete;

  enum class Progress {
    kYielded,  // it ran for a tick: resume it behind what else is ready
    kWaiting,  // a host function waits: resume it after GuestHost::wake()
    kEnded,    // outcome() says how
  };
  // Whose thread this is: that of the guest's loop, or another. Elsewhere, a host function that may wait does not run:
  // the guest waits to be resumed at home.
  enum class Where { kHome, kAway };
  // Runs the guest on. Not after it has ended.
  Progress resume(Where where = Where::kHome);

  // So far; what a guest does that runs now is not in it.
  struct Usage {
    std::chrono::nanoseconds instantiate{0};
    std::chrono::nanoseconds guest{0};  // CPU time of its own code
    std::chrono::nanoseconds host{0};   // CPU time of host functions
    std::size_t memory_peak = 0;        // bytes of memories and tables
    metrics::Egress egress;
  };
  Usage usage() const;

  // Whether it may run on another thread than its loop's now.
  bool may_move() const { return !component_ || component_->may_move(); }

  Kind kind() const { return program_->entry().kind; }
  Outcome& outcome() { return outcome_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }  // its wall limit
  Guest& guest() { return guest_; }

 private:
  friend class HostCall;
  static std::uint8_t on_tick(void* guest);

  void measure_tick();
  void check_time();
  void conclude(bool returned, struct EngineOutcome& ended);

  const std::shared_ptr<const Program> program_;
  Guest guest_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point resumed_;
  std::chrono::nanoseconds cpu_used_{0};
  std::optional<std::chrono::nanoseconds> cpu_at_resume_;  // thread clock, known once the guest has been ticked
  bool ticked_ = false;
  Outcome outcome_;
  std::optional<ComponentHost> component_;  // for a component
  mayfly_instance_t* engine_instance_;
  std::optional<EngineMemory> memory_;  // the guest's, once a host function has found it
};

}  // namespace mayfly::sandbox
