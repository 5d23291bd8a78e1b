#include "server/loop_context.h"

#include "http/serialize.h"

#include <ctime>

namespace mayfly::server {

std::string LoopContext::make_id() {
  // A step that is odd visits every number; this one spreads neighbours (Knuth's multiplicative hash).
  next_id_ += 0x9E3779B97F4A7C15;
  std::string id(16, '0');
  std::uint64_t left = next_id_;
  for (auto digit = id.rbegin(); left != 0; ++digit, left >>= 4) *digit = "0123456789abcdef"[left & 15];
  return id;
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
