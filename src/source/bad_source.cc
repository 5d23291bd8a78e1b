#include "source/bad_source.h"

#include "base/text.h"
#include "source/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace mayfly::source {
namespace {

// What the interpreter printed, without the empty lines around it and past what a client wants to read.
std::string message_of(std::string_view log) {
  constexpr std::string_view kBlanks = " \r\n\t";
  log.remove_prefix(std::min(log.find_first_not_of(kBlanks), log.size()));
  log = log.substr(0, log.find_last_not_of(kBlanks) + 1);
  return to_utf8(log.substr(0, kMessageBytes));
}

}  // namespace

Error bad_source(const Error& why, std::string_view log) {
  if (why.code == ErrorCode::kOverloaded || why.code == ErrorCode::kServerMemory) return why;
  std::string message = message_of(log);
  if (why.code == ErrorCode::kExitCode && !message.empty()) return {ErrorCode::kBadSource, std::move(message)};
  return {ErrorCode::kBadSource,
          fmt::format("while it was loaded: {}{}{}", why.message, message.empty() ? "" : "\n", message)};
}

}  // namespace mayfly::source
