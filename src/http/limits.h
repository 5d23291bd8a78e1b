#pragma once

#include <chrono>
#include <cstddef>

namespace mayfly::http {

// What a client may send. Beyond a limit the answer is the status in the comment, and the connection closes.
struct Limits {
  std::size_t target_bytes = 16 * 1024;         // 414; longer than any browser sends
  std::size_t header_bytes = 32 * 1024;         // 431; request line and fields; as much again for trailers
  std::size_t header_fields = 100;              // 431; as Apache and many others
  std::size_t body_bytes = 10 * 1024 * 1024;    // 413; for an invocation: it is held in memory
  std::size_t upload_bytes = 64 * 1024 * 1024;  // 413; for a module or bundle

  std::chrono::seconds header_time{10};       // 408; from the first byte of a request to the end of its header
  std::chrono::seconds body_time{30};         // 408; without a byte of the body
  std::chrono::seconds body_total_time{600};  // 408; for the whole body
  std::chrono::seconds idle_time{75};         // closed; between requests
  std::chrono::seconds write_time{30};        // closed; while the client takes no byte of the response
};

// What one multipart/form-data body may have; 400 beyond.
inline constexpr std::size_t kMultipartParts = 100;        // a browser's form has a few
inline constexpr std::size_t kPartHeaderBytes = 8 * 1024;  // of each; they hold two names

}  // namespace mayfly::http
