#pragma once

#include "http/message.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::egress {

// The body of a request, written while it is sent. What was sent first is kept, so that it can be sent once more.
// Belongs to the loop.
class Upload {
 public:
  // `length`: of all of it, where that is known.
  Upload(std::string begin, std::optional<std::uint64_t> length);

  // Takes what there is room for, and says how much.
  std::size_t write(std::string_view bytes);
  void end(http::Fields trailers);

  // For who sends it. None when it waits for more; 0 at the end.
  std::optional<std::size_t> read(char* into, std::size_t room);
  // Begins again; false when what was sent is kept no more.
  bool rewind();
  // It ended before its length, or went beyond: the message that has begun cannot be finished.
  bool is_broken() const { return is_broken_; }
  const std::optional<std::uint64_t>& length() const { return length_; }
  const http::Fields& trailers() const { return trailers_; }

 private:
  void check_length();

  const std::optional<std::uint64_t> length_;
  std::uint64_t written_;
  std::string held_;
  std::size_t sent_ = 0;     // of those held
  bool is_dropped_ = false;  // what came before those
  bool is_ended_ = false;
  bool is_broken_ = false;
  http::Fields trailers_;
};

}  // namespace mayfly::egress
