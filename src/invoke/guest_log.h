#pragma once

#include "base/log.h"
#include "registry/version.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace mayfly::invoke {

// What one invocation writes to stderr and `log`, as lines of the function log: up to its limit, and up to what its
// function may write in this second.
class GuestLog {
 public:
  GuestLog(Log& log, std::string_view request_id, const registry::Version& version)
      : log_(log), request_id_(request_id), version_(version), left_(version.settings().limits.log_bytes) {}
  ~GuestLog() { flush(); }

  void write(std::string_view bytes);
  void flush();  // a last line without its end

 private:
  void line(std::string_view text);
  void say_once(std::string_view what, bool& said);

  Log& log_;
  const std::string request_id_;
  const registry::Version& version_;
  std::size_t left_;
  bool over_ = false;
  bool too_fast_ = false;
  std::string pending_;
};

}  // namespace mayfly::invoke
