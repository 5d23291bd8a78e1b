#pragma once

#include "base/guarded.h"

#include <charconv>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

namespace mayfly {

// One structured line: a JSON object, built member by member.
class LogLine {
 public:
  explicit LogLine(std::string_view event);

  LogLine& text(std::string_view name, std::string_view value);  // escaped; bytes that are not UTF-8 are replaced
  LogLine& number(std::string_view name, std::integral auto value) {
    start_member(name);
    char digits[24];
    line_.append(digits, std::to_chars(digits, std::end(digits), value).ptr);
    return *this;
  }

  // A list of objects: `add` is called with each value, and adds its members.
  template <typename Values, typename Add>
  LogLine& list(std::string_view name, const Values& values, Add add) {
    start_member(name);
    line_ += '[';
    for (const auto& value : values) {
      if (line_.back() == '}') line_ += ',';
      line_ += '{';
      add(*this, value);
      line_ += '}';
    }
    line_ += ']';
    return *this;
  }

  std::string finish() && { return std::move(line_ += "}\n"); }

 private:
  void start_member(std::string_view name) {
    line_.append(line_.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  }

  std::string line_;
};

// Where lines go: a file descriptor, written by a thread of its own so that a slow reader blocks no loop. Lines
// beyond a bound are dropped and counted. Any thread.
class Log {
 public:
  explicit Log(int fd);
  ~Log();  // writes what is left

  void write(LogLine line);

 private:
  struct Queue {
    std::string lines;
    std::uint64_t dropped = 0;
    bool closing = false;
  };

  void run();
  bool is_closing();
  void write_all(std::string_view bytes);

  const int fd_;
  const std::size_t largest_write_;
  Guarded<Queue> queue_;
  std::condition_variable filled_;
  std::jthread thread_;
};

}  // namespace mayfly
