#pragma once

#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace mayfly::http {

// Cuts what HTTP/1.1 sends as lines: the header, chunk sizes, trailers. A CR or LF alone, any other
// control character, and a blank at the start of a line are errors, because programs on the way may
// read such bytes in another way than we do (RFC 9112 sections 2.2 and 5.2).
class LineScanner {
 public:
  explicit LineScanner(std::string_view place) : place_(place) {}  // for messages; a literal

  // The next line without its CRLF, a view into `bytes`; nullopt when it is not whole. `bytes` are
  // those of the last call, and maybe more behind them: no byte is looked at twice.
  Result<std::optional<std::string_view>> next(std::string_view bytes);
  // The lines so far have been used: the next call has the bytes behind them.
  void drop_lines() { at_ = end_ = 0; }

  std::size_t end() const { return end_; }      // behind the CRLF of the last line
  std::size_t count() const { return count_; }  // of lines, dropped ones as well

 private:
  std::string_view place_;
  std::size_t at_ = 0;  // the next byte to look at
  std::size_t end_ = 0;
  std::size_t count_ = 0;
};

}  // namespace mayfly::http
