#include "server/loop_context.h"

#include "http/serialize.h"

#include <fmt/compile.h>

#include <ctime>

namespace mayfly::server {

std::string LoopContext::make_id() {
  // A step that is odd visits every number; this one spreads neighbours (Knuth's multiplicative hash).
  next_id_ += 0x9E3779B97F4A7C15;
  return fmt::format(FMT_COMPILE("{:016x}"), next_id_);
}

const std::string& LoopContext::date() {
  const std::int64_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    date_ = http::imf_fixdate(now);
  }
  return date_;
}

}  // namespace mayfly::server
