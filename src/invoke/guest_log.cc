#include "invoke/guest_log.h"

#include "base/text.h"
#include "invoke/limits.h"

#include <algorithm>

namespace mayfly::invoke {

void GuestLog::write(std::string_view bytes) {
  while (!bytes.empty() && left_ > 0) {
    const std::size_t room = std::min(left_, kLogLineBytes - pending_.size());
    const auto end = bytes.substr(0, room + 1).find('\n');  // not in all of a long text, again for each line
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
  if (bytes.empty()) return;
  metrics_.log_dropped.fetch_add(bytes.size(), std::memory_order_relaxed);
  flush();
  say_once("[the function's log limit is reached; the rest is dropped]", over_);
}

void GuestLog::flush() {
  if (!pending_.empty()) line(std::exchange(pending_, {}));
}

void GuestLog::look_for_failure(std::string_view text) {
  for (std::string_view marks = failure_marks_; !marks.empty();) {
    const std::string_view mark = marks.substr(0, marks.find('|'));
    marks.remove_prefix(std::min(mark.size() + 1, marks.size()));
    if (!mark.empty() && text.starts_with(mark)) failure_ = trim(text.substr(mark.size()));
  }
}

// A line is written whole or not at all.
void GuestLog::line(std::string_view text) {
  if (failure_.empty()) look_for_failure(text);
  const std::size_t cost = text.size() + kLogLineOverhead;
  if (metrics_.log.take(cost, rate_) == cost) {
    log_.write(std::move(LogLine("function").text("id", request_id_).text("function", function_).text("line", text)));
    return;
  }
  metrics_.log_dropped.fetch_add(text.size(), std::memory_order_relaxed);
  say_once("[the function logs faster than its log_rate; lines are dropped]", too_fast_);
}

// Notices are not of the guest's making, but it must not make many of them either.
void GuestLog::say_once(std::string_view what, bool& said) {
  constexpr std::size_t kNotices = 10;  // of a function, each second
  if (std::exchange(said, true) || metrics_.log_notices.take(1, kNotices) == 0) return;
  log_.write(std::move(LogLine("function").text("id", request_id_).text("function", function_).text("line", what)));
}

}  // namespace mayfly::invoke
