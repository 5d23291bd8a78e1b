#include "invoke/guest_log.h"

#include "invoke/limits.h"

#include <algorithm>

namespace mayfly::invoke {

void GuestLog::write(std::string_view bytes) {
  while (!bytes.empty() && left_ > 0) {
    const auto end = bytes.find('\n');
    const std::size_t room = std::min(left_, kLogLineBytes - pending_.size());
    const std::string_view part = bytes.substr(0, std::min(end, room));
    pending_ += part;
    left_ -= part.size();
    const bool ended = part.size() == end;
    bytes.remove_prefix(part.size() + (ended ? 1 : 0));
    if (ended || pending_.size() == kLogLineBytes) {
      left_ -= std::min(left_, kLogLineOverhead);
      line(std::exchange(pending_, {}));
    }
  }
  if (!bytes.empty() && !std::exchange(over_, true)) {
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
