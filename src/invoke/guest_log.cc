#include "invoke/guest_log.h"

#include "invoke/limits.h"

#include <algorithm>

namespace mayfly::invoke {

void GuestLog::write(std::string_view bytes) {
  const std::size_t taken = std::min(bytes.size(), left_);
  left_ -= taken;
  const bool cut = taken < bytes.size();
  bytes = bytes.substr(0, taken);
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, std::min(end, kLogLineBytes - pending_.size()));
    pending_ += part;
    const bool ended = part.size() == end;
    bytes.remove_prefix(part.size() + (ended ? 1 : 0));
    if (ended || pending_.size() == kLogLineBytes) line(std::exchange(pending_, {}));
  }
  if (cut && !std::exchange(over_, true)) {
    flush();
    line("[the function's log limit is reached; the rest is dropped]");
  }
}

void GuestLog::flush() {
  if (!pending_.empty()) line(std::exchange(pending_, {}));
}

void GuestLog::line(std::string_view text) {
  log_.write(std::move(LogLine("function").text("id", request_id_).text("function", function_).text("line", text)));
}

}  // namespace mayfly::invoke
