#include "invoke/pipe.h"

#include "invoke/limits.h"

#include <fmt/format.h>

#include <utility>

namespace mayfly::invoke {

Pipe::Pipe(std::optional<std::uint64_t> length, std::function<bool()> reader_waits)
    : length_(length), reader_waits_(std::move(reader_waits)) {}

void Pipe::write(std::string_view bytes) {
  if (bytes.empty()) return;
  written_ += bytes.size();
  held_ += bytes;
  if (tell_) tell_();
}

Status Pipe::finish(http::Fields trailers) {
  if (length_ && *length_ != written_) {
    return fail(ErrorCode::kBadResponse,
                fmt::format("it said that its body has {} bytes, and made {}", *length_, written_));
  }
  trailers_ = std::move(trailers);
  finished_ = true;
  if (tell_) tell_();
  return {};
}

bool Pipe::writable() const { return held_.size() < (reader_waits_() ? kWaitingPipeBytes : kPipeBytes); }

void Pipe::look_for_room() {
  if (!writable()) return;
  if (const auto resume = std::exchange(resume_, nullptr)) resume();
}

std::string Pipe::take() {
  std::string taken = std::exchange(held_, {});
  look_for_room();
  return taken;
}

const std::optional<Error>& Pipe::failure() const {
  static const std::optional<Error> kNone;
  return kNone;
}

}  // namespace mayfly::invoke
