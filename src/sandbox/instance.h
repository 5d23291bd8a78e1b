#pragma once

#include "metrics/egress.h"
#include "sandbox/limits.h"
#include "sandbox/outcome.h"

#include <chrono>
#include <cstddef>

namespace mayfly::sandbox {

// One invocation of a guest, as its loop drives it: in a sandbox of its own (FreshInstance), or in one that serves
// others too (Seat). One owner at a time.
class Instance {
 public:
  virtual ~Instance() = default;  // wherever the guest is with it, that ends
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
  virtual Progress resume(Where where = Where::kHome) = 0;

  // So far; what a guest does that runs now is not in it.
  struct Usage {
    std::chrono::nanoseconds instantiate{0};
    std::chrono::nanoseconds guest{0};  // CPU time of its own code
    std::chrono::nanoseconds host{0};   // CPU time of host functions
    std::size_t memory_peak = 0;        // bytes of memories and tables
    metrics::Egress egress;
  };
  virtual Usage usage() const = 0;

  // Whether it may run on another thread than its loop's now.
  virtual bool may_move() const = 0;
  // Called on its loop, before it goes elsewhere and when it has come back.
  virtual void set_away(bool) {}

  Outcome& outcome() { return outcome_; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }  // its wall limit

 protected:
  explicit Instance(const Limits& limits) : deadline_(std::chrono::steady_clock::now() + limits.wall) {}

  // The error of a guest that has used what it may; none for another.
  static std::optional<Error> over_time(std::chrono::nanoseconds cpu, const Limits& limits,
                                        std::chrono::steady_clock::time_point deadline);

  Outcome outcome_;

 private:
  const std::chrono::steady_clock::time_point deadline_;
};

}  // namespace mayfly::sandbox
