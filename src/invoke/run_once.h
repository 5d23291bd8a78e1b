#pragma once

#include "base/result.h"
#include "invoke/guest_log.h"
#include "sandbox/limits.h"
#include "sandbox/program.h"

#include <string>

namespace mayfly::invoke {

// Runs a program to its end outside of any request, on this thread and a loop of its own, and returns what it wrote to
// stdout: at most limits.response_bytes of it. It has no arguments, variables or input, and may use nothing. Not on a
// loop: it blocks for as long as the limits allow.
Result<std::string> run_once(const std::shared_ptr<const sandbox::Program>& program, const sandbox::Limits& limits,
                             GuestLog& log);

}  // namespace mayfly::invoke
