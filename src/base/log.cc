#include "base/log.h"

#include "base/text.h"

#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>
#include <optional>

namespace mayfly {
namespace {

constexpr std::size_t kMaxQueued = 8 << 20;  // bytes; more means that nobody reads
constexpr std::size_t kMaxKept = 1 << 20;    // bytes of a buffer that is used again
constexpr int kPollMilliseconds = 100;
constexpr auto kClosing = std::chrono::seconds(1);
constexpr auto kGather = std::chrono::milliseconds(10);  // so that busy loops share one write

bool needs_escape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

bool is_plain(char c) { return static_cast<unsigned char>(c) < 0x80 && !needs_escape(c); }

void append_escaped(std::string& out, std::string_view text) {
  for (;;) {
    const auto special = std::ranges::find_if(text, needs_escape);
    out.append(text.begin(), special);
    if (special == text.end()) return;
    const char c = *special;
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()) + 1);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
}

// As in RFC 3339, to the microsecond. Each thread keeps the text of the second it is in.
void append_time(std::string& out) {
  struct Second {
    std::time_t time = -1;
    std::string text;
  };
  thread_local Second second;
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != second.time) {
    tm utc;
    ::gmtime_r(&now.tv_sec, &utc);
    second = {now.tv_sec, fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                                      utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec)};
  }
  char fraction[] = ".000000Z";
  long left = now.tv_nsec / 1000;
  for (char* digit = fraction + 6; left > 0; --digit, left /= 10) *digit = static_cast<char>('0' + left % 10);
  out.append(second.text).append(fraction);
}

// A pipe that polls ready is sure to take no more than PIPE_BUF without blocking; a file takes anything.
std::size_t largest_write(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? kMaxQueued : PIPE_BUF;
}

}  // namespace

LogLine::LogLine(std::string_view event) {
  line_.reserve(384);  // most lines
  line_ += "{\"time\":\"";
  append_time(line_);
  line_.append("\",\"event\":\"").append(event).append("\"");
}

LogLine& LogLine::text(std::string_view name, std::string_view value) {
  start_member(name);
  line_ += '"';
  if (std::ranges::all_of(value, is_plain)) line_ += value;
  else if (is_utf8(value)) append_escaped(line_, value);
  else append_escaped(line_, to_utf8(value));
  line_ += '"';
  return *this;
}

Log::Log(int fd) : fd_(fd), largest_write_(largest_write(fd)), thread_([this] { run(); }) {}

Log::~Log() {
  {
    auto queue = queue_.lock();
    queue->closing = true;
  }
  filled_.notify_one();
}

void Log::write(LogLine line) {
  const std::string text = std::move(line).finish();
  auto queue = queue_.lock();
  if (queue->lines.size() + text.size() > kMaxQueued) {
    ++queue->dropped;
    return;
  }
  const bool was_empty = queue->lines.empty();
  queue->lines += text;
  if (was_empty) filled_.notify_one();
}

void Log::run() {
  pthread_setname_np(pthread_self(), "log");
  std::string lines;  // swaps with those of the queue, so that their pages are used again
  for (bool closing = false; !closing;) {
    std::uint64_t dropped = 0;
    {
      auto queue = queue_.lock();
      filled_.wait(queue.mutex(), [&] { return !queue->lines.empty() || queue->closing; });
      if (!queue->closing) filled_.wait_for(queue.mutex(), kGather, [&] { return queue->closing; });
      closing = queue->closing;
      lines.swap(queue->lines);
      dropped = std::exchange(queue->dropped, 0);
    }
    if (dropped > 0) lines += std::move(LogLine("log_dropped").number("lines", dropped)).finish();
    write_all(lines);
    lines.clear();
    if (lines.capacity() > kMaxKept) lines.shrink_to_fit();
  }
}

bool Log::is_closing() {
  auto queue = queue_.lock();
  return queue->closing;
}

// Waits for a slow reader, but not once the log closes: then what it has not taken within kClosing is lost.
void Log::write_all(std::string_view bytes) {
  std::optional<std::chrono::steady_clock::time_point> give_up;
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, kPollMilliseconds) == 0) {
      const auto now = std::chrono::steady_clock::now();
      if (is_closing() && !give_up) give_up = now + kClosing;
      if (give_up && now > *give_up) return;
      continue;
    }
    const ssize_t written = ::write(fd_, bytes.data(), std::min(bytes.size(), largest_write_));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;  // nowhere left to say so
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace mayfly
