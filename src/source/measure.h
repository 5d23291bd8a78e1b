#pragma once

#include "base/result.h"
#include "source/sources.h"

#include <chrono>
#include <cstddef>

namespace mayfly::source {

// What a language costs on this machine, by the sample function of its folder. Wall times, of this thread alone.
struct Costs {
  std::chrono::microseconds deploy{0};  // to have the program of a new function
  std::chrono::microseconds cold{0};    // to have one that was deployed before, and its first answer
  std::chrono::microseconds warm{0};    // an answer in a fresh sandbox, one after the other: the median
  std::size_t memory = 0;               // bytes, of a sandbox that has answered
};

// Compiles what is not compiled yet. Not on a loop: it takes seconds, then.
Result<Costs> measure(Sources& sources, const Language& language);

}  // namespace mayfly::source
