#pragma once

#include "sandbox/limits.h"

#include <chrono>
#include <cstddef>

namespace mayfly::invoke {

// A response is held back up to this many bytes, so that a failure before can still be answered as a problem.
inline constexpr std::size_t kCommitBytes = 64 * 1024;

// Between two stages of a pipeline that stream, before the first has to wait; as of a body that a client sends.
inline constexpr std::size_t kPipeBytes = 128 * 1024;

// The same while the second waits for its sandbox, as of a request that is held: the first may have to end before there
// is one, as where both are one function that runs once at a time.
inline constexpr std::size_t kWaitingPipeBytes = sandbox::kHeldRequestBytes;

// What a line costs of the log limit beyond its own bytes: about what is written around it.
inline constexpr std::size_t kLogLineOverhead = 160;

// A longer line of stderr or `log` is cut in two.
inline constexpr std::size_t kLogLineBytes = 8 * 1024;

// Requests that wait for their turn, of all functions; each holds its body.
inline constexpr std::size_t kMostWaiting = 20'000;

// A guest that has run for so many ticks (1 ms each) on its loop goes on in the background: long enough that a guest
// of a few milliseconds never pays the way, short enough that a request behind it does not feel it.
inline constexpr int kForegroundTicks = 4;

// Of one turn on a loop, before its sockets are looked at again, for guests that come back from a wait.
inline constexpr std::chrono::milliseconds kTurn{4};

// Of one turn in the background, before the next guest has its own.
inline constexpr int kBackgroundTicks = 8;

// Beyond its wall limit, for a guest in the background to find that itself and to say what it has used.
inline constexpr std::chrono::milliseconds kBackgroundGrace{20};

}  // namespace mayfly::invoke
