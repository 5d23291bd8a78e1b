#pragma once

#include "base/result.h"
#include "sandbox/guest.h"

#include <optional>
#include <string>

namespace mayfly::sandbox {

// How an invocation of a guest ended.
struct Outcome {
  std::optional<Error> error;  // none: it returned, or called proc_exit(0)
  std::string value;           // what `run` returned, as text; of a typed function, as JSON
  bool is_err = false;         // whether `value` is the `err` of a typed function; "" for one without payload
  std::string backtrace;       // of the guest, for the log alone
};

// What the engine says of that: its type stays out of headers.
struct EngineOutcome;

// The outcome for `guest`, whose engine's instance has ended; the bytes of `ended` are given back.
Outcome conclude(Guest& guest, bool returned, const EngineOutcome& ended);

// What the engine's reason for ending one request means: a mayfly_refusal_t. None for what is no error of the guest's.
std::optional<ErrorCode> code_of_refusal(std::uint8_t refusal);

}  // namespace mayfly::sandbox
