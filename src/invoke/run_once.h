#pragma once

#include "base/result.h"
#include "sandbox/fresh_pool.h"
#include "sandbox/guest.h"
#include "sandbox/image.h"
#include "sandbox/limits.h"
#include "sandbox/program.h"

#include <optional>
#include <string>

namespace mayfly::invoke {

// What a run outside of any request has left.
struct Ran {
  std::optional<Error> error;     // how it failed
  std::string output;             // stdout: at most limits.response_bytes
  std::string log;                // stderr: the first limits.log_bytes of it
  sandbox::Image image;           // when `inputs` ask for it and it has ended well
  std::size_t memory_peak = 0;    // bytes of memories and tables
  bool keeps_files_open = false;  // that it opened
};

// Runs a program to its end, on this thread and a loop of its own. It may connect to nothing. Not on a loop: it blocks
// for as long as the limits allow. Its instance may come from a pool, of a loop that does not run.
Ran run_once(const std::shared_ptr<const sandbox::Program>& program, const sandbox::Inputs& inputs,
             const sandbox::Limits& limits, sandbox::FreshPool* pool = nullptr);

}  // namespace mayfly::invoke
