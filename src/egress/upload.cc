#include "egress/upload.h"

#include "egress/limits.h"

#include <algorithm>
#include <utility>

namespace mayfly::egress {

Upload::Upload(std::string begin, std::optional<std::uint64_t> length)
    : length_(length), written_(begin.size()), held_(std::move(begin)) {
  check_length();
}

void Upload::check_length() {
  if (length_) is_broken_ = is_ended_ ? written_ != *length_ : written_ > *length_;
}

std::size_t Upload::write(std::string_view bytes) {
  const std::size_t unsent = held_.size() - sent_;
  const std::size_t taken = unsent < kUploadBytes ? std::min(bytes.size(), kUploadBytes - unsent) : 0;
  held_.append(bytes.substr(0, taken));
  written_ += taken;
  check_length();
  return taken;
}

void Upload::end(http::Fields trailers) {
  is_ended_ = true;
  trailers_ = std::move(trailers);
  check_length();
}

std::optional<std::size_t> Upload::read(char* into, std::size_t room) {
  const std::size_t taken = std::min(room, held_.size() - sent_);
  if (taken == 0 && !is_ended_) return std::nullopt;
  held_.copy(into, taken, sent_);
  sent_ += taken;
  if (is_dropped_ || sent_ > kReplayedBytes) {
    held_.erase(0, sent_);
    sent_ = 0;
    is_dropped_ = true;
  }
  return taken;
}

bool Upload::rewind() {
  if (is_dropped_) return false;
  sent_ = 0;
  return true;
}

}  // namespace mayfly::egress
