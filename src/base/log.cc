#include "base/log.h"

#include "base/text.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>
#include <optional>

namespace mayfly {
namespace {

constexpr std::size_t kMaxQueued = 8 << 20;  // bytes; more means that nobody reads
constexpr int kPollMilliseconds = 100;
constexpr auto kClosing = std::chrono::seconds(1);
constexpr auto kGather = std::chrono::milliseconds(10);  // so that busy loops share one write

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        else out += c;
    }
  }
}

std::string timestamp() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm utc;
  ::gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000);
}

}  // namespace

LogLine::LogLine(std::string_view event)
    : line_(fmt::format("{{\"time\":\"{}\",\"event\":\"{}\"", timestamp(), event)) {}

LogLine& LogLine::text(std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(line_), ",\"{}\":\"", name);
  if (is_utf8(value)) append_escaped(line_, value);
  else append_escaped(line_, to_utf8(value));
  line_ += '"';
  return *this;
}

Log::Log(int fd) : fd_(fd), thread_([this] { run(); }) {}

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
  for (bool closing = false; !closing;) {
    std::string lines;
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
    // No more than a pipe that polls ready is sure to take without blocking.
    const ssize_t written = ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;  // nowhere left to say so
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace mayfly
