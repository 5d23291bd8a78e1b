#pragma once

#include "sandbox/cpu_meter.h"
#include "sandbox/instance.h"
#include "sandbox/sandbox.h"

#include <chrono>
#include <cstdint>

namespace mayfly::sandbox {

// An invocation that has a sandbox for itself while it lasts.
class SoleInstance : public Instance {
 public:
  Progress resume(Where where = Where::kHome) override;
  Usage usage() const override;
  bool may_move() const override { return sandbox_.may_move(); }

 protected:
  // The sandbox outlives it; it need not be made yet when `is_first` says that this is its first invocation.
  SoleInstance(Sandbox& sandbox, const Limits& limits, bool is_first);

  Sandbox& sandbox_;

 private:
  friend class Sandbox;
  std::uint8_t on_tick();  // what mayfly_tick_t says

  bool stop_when_over_time();

  CpuMeter meter_;
  const bool is_first_;
  const std::chrono::nanoseconds host_time_before_;
};

}  // namespace mayfly::sandbox
