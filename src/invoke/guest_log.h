#pragma once

#include "base/log.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace mayfly::invoke {

// What one invocation writes to stderr and `log`, as lines of the function log up to a number of bytes.
class GuestLog {
 public:
  GuestLog(Log& log, std::string_view request_id, std::string_view function, std::size_t limit)
      : log_(log), request_id_(request_id), function_(function), left_(limit) {}
  ~GuestLog() { flush(); }

  void write(std::string_view bytes);
  void flush();  // a last line without its end

 private:
  void line(std::string_view text);

  Log& log_;
  std::string_view request_id_;
  std::string_view function_;
  std::size_t left_;
  bool over_ = false;
  std::string pending_;
};

}  // namespace mayfly::invoke
