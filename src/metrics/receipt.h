#pragma once

#include "metrics/egress.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mayfly::metrics {

// What one stage of a pipeline did.
struct StageReceipt {
  std::string function;
  std::string version;                // its digest
  int status = 0;                     // that it answered with; 0 for none
  std::chrono::nanoseconds taken{0};  // from its start to its answer
  std::chrono::nanoseconds queue{0};  // of those: until it had a sandbox
  std::chrono::nanoseconds guest{0};  // CPU time of the guest's own code
  std::chrono::nanoseconds host{0};   // CPU time of host functions
  std::size_t memory_peak = 0;        // bytes of memories and tables
};

// What one invocation cost, or all of a pipeline together.
struct Receipt {
  std::chrono::nanoseconds queue{0};        // until it had a sandbox
  std::chrono::nanoseconds load{0};         // of its program, when it was not in memory: compiling, or mapping the code
  std::chrono::nanoseconds instantiate{0};  // making the sandbox
  std::chrono::nanoseconds guest{0};        // CPU time of the guest's own code
  std::chrono::nanoseconds host{0};         // CPU time of host functions
  std::size_t memory_peak = 0;              // bytes of memories and tables
  std::uint64_t bytes_out = 0;              // of the response's body
  Egress egress;
  std::vector<StageReceipt> stages = {};  // of a pipeline, those that were called
};

}  // namespace mayfly::metrics
