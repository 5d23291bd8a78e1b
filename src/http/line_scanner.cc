#include "http/line_scanner.h"

#include <fmt/format.h>

#include <utility>

namespace mayfly::http {

Result<std::optional<std::string_view>> LineScanner::next(std::string_view bytes) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::kBadRequest, fmt::format("line {} of {} {}", count_ + 1, place_, what));
  };
  for (; at_ < bytes.size(); ++at_) {
    const auto c = static_cast<unsigned char>(bytes[at_]);
    const bool after_cr = at_ > end_ && bytes[at_ - 1] == '\r';
    if (after_cr && c != '\n') return wrong("has a CR without LF");
    if (c > ' ' && c != 0x7f) continue;
    if (c == '\n') {
      if (!after_cr) return wrong("ends with LF instead of CRLF");
      ++count_;
      const std::size_t begin = std::exchange(end_, ++at_);
      return bytes.substr(begin, end_ - begin - 2);
    }
    const bool blank = c == ' ' || c == '\t';
    if (blank && at_ == end_) return wrong("begins with a blank; folded lines are not accepted");
    if (!blank && c != '\r') return wrong(fmt::format("has the control character 0x{:02x}", c));
  }
  return std::nullopt;
}

}  // namespace mayfly::http
