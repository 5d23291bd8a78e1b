#include "sandbox/outcome.h"

#include "sandbox/handle.h"
#include "sandbox/mappings.h"

#include <fmt/format.h>

namespace mayfly::sandbox {

std::optional<ErrorCode> code_of_refusal(std::uint8_t refusal) {
  switch (refusal) {
    case MAYFLY_REFUSAL_T_BAD_JSON: return ErrorCode::kBadJson;
    case MAYFLY_REFUSAL_T_BAD_ARGUMENT: return ErrorCode::kBadArgument;
    case MAYFLY_REFUSAL_T_TOO_LARGE: return ErrorCode::kResponseTooLarge;
    case MAYFLY_REFUSAL_T_BAD_RESULT: return ErrorCode::kTrap;
    case MAYFLY_REFUSAL_T_NO_RESPONSE: return ErrorCode::kNoResponse;
    case MAYFLY_REFUSAL_T_BAD_RESPONSE: return ErrorCode::kBadResponse;
    default: return std::nullopt;
  }
}

Outcome conclude(Guest& guest, bool returned, const EngineOutcome& ended) {
  const Bytes value(ended.raw.value);
  const Bytes reason(ended.raw.reason);
  const Bytes backtrace(ended.raw.backtrace);
  Outcome outcome;
  outcome.value = value.view();
  if (ended.raw.exit_code >= 0) guest.exit(static_cast<std::uint32_t>(ended.raw.exit_code));
  const auto exit_code = guest.exit_code();
  if (returned || exit_code == 0u) return outcome;
  if (ended.raw.refusal == MAYFLY_REFUSAL_T_ERR) {
    outcome.value = reason.view();
    outcome.is_err = true;
    return outcome;
  }

  if (exit_code) {
    outcome.error = Error{ErrorCode::kExitCode, fmt::format("the function exited with code {}", *exit_code)};
    return outcome;
  }
  outcome.backtrace = backtrace.view();
  if (guest.why_stopped()) {
    outcome.error = guest.why_stopped();
  } else if (ended.raw.pool_exhausted) {
    outcome.error = Error{ErrorCode::kOverloaded, "every sandbox of this kind is in use"};
  } else if (ended.raw.memory_denied) {
    outcome.error = Error{ErrorCode::kOutOfMemory, fmt::format("the function needed more than its {} MiB of memory",
                                                               guest.limits().memory_bytes >> 20)};
  } else if (const auto code = code_of_refusal(ended.raw.refusal)) {
    outcome.error = Error{*code, std::string(reason.view())};
  } else if (!ended.raw.trapped && is_short_of_memory(reason.view())) {
    outcome.error = Error{ErrorCode::kServerMemory, fmt::format("no memory for a sandbox: {}", reason.view())};
  } else {
    outcome.error = Error{ended.raw.trapped ? ErrorCode::kTrap : ErrorCode::kInternal, std::string(reason.view())};
  }
  return outcome;
}

}  // namespace mayfly::sandbox
