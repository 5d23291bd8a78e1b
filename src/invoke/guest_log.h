#pragma once

#include "base/log.h"
#include "metrics/invocations.h"
#include "sandbox/limits.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace mayfly::invoke {

// What one invocation writes to stderr and `log`, as lines of the function log: up to its limit, and up to what its
// function may write in this second.
class GuestLog {
 public:
  // What is given outlives it, but for the id. `failure` is as in sandbox::Settings.
  GuestLog(Log& log, std::string_view request_id, std::string_view function, const sandbox::Limits& limits,
           metrics::Invocations& metrics, std::string_view failure = "")
      : log_(log),
        request_id_(request_id),
        function_(function),
        rate_(limits.log_rate),
        metrics_(metrics),
        failure_marks_(failure),
        left_(limits.log_bytes) {}
  ~GuestLog() { flush(); }

  void write(std::string_view bytes);
  void flush();  // a last line without its end
  // Why the function failed, as the first such line has it; "" when there is none.
  const std::string& failure() const { return failure_; }

 private:
  void line(std::string_view text);
  void look_for_failure(std::string_view text);
  void say_once(std::string_view what, bool& said);

  Log& log_;
  const std::string request_id_;
  const std::string_view function_;
  const std::size_t rate_;
  metrics::Invocations& metrics_;
  const std::string_view failure_marks_;
  std::string failure_;
  std::size_t left_;
  bool over_ = false;
  bool too_fast_ = false;
  std::string pending_;
};

}  // namespace mayfly::invoke
