#pragma once

#include "metrics/egress.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mayfly::metrics {

// What one invocation cost.
struct Receipt {
  std::chrono::nanoseconds queue{0};        // until it had a sandbox
  std::chrono::nanoseconds load{0};         // of its program, when it was not in memory: compiling, or mapping the code
  std::chrono::nanoseconds instantiate{0};  // making the sandbox
  std::chrono::nanoseconds guest{0};        // CPU time of the guest's own code
  std::chrono::nanoseconds host{0};         // CPU time of host functions
  std::size_t memory_peak = 0;              // bytes of memories and tables
  std::uint64_t bytes_out = 0;              // of the response's body
  Egress egress;
};

}  // namespace mayfly::metrics
