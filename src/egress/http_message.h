#pragma once

#include "http/message.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::egress {

struct HttpRequest {
  std::string method;
  std::string url;
  http::Fields fields;
  std::string body;                          // or how it begins, when it streams
  bool streams_body = false;                 // the rest is written while it is sent
  std::optional<std::uint64_t> length = {};  // of all of a body that streams; without it, it is chunked
};

struct HttpResponse {
  int status = 0;
  http::Fields fields;
  std::string body;
};

// What has come of a response's body since the last part. Empty, and not the last, when nothing has.
struct HttpPart {
  std::string_view bytes;  // valid until the next is asked for
  bool is_last = false;    // has no bytes
  http::Fields trailers = {};
};

// What one request may take.
struct HttpLimits {
  std::size_t response_bytes;      // body, of one that is held whole
  std::chrono::milliseconds time;  // in all
  int redirects = 0;               // that are followed; each is checked as the first request was
  // Of each attempt; none for the server's own.
  std::optional<std::chrono::milliseconds> connect = {};        // at most kConnectTime
  std::optional<std::chrono::milliseconds> first_byte = {};     // until the response begins
  std::optional<std::chrono::milliseconds> between_bytes = {};  // once it has, and somebody waits for them
};

}  // namespace mayfly::egress
