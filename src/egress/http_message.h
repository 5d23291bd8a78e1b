#pragma once

#include "http/message.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace mayfly::egress {

struct HttpRequest {
  std::string method;
  std::string url;
  http::Fields fields;
  std::string body;
};

struct HttpResponse {
  int status = 0;
  http::Fields fields;
  std::string body;
};

// What one request may take.
struct HttpLimits {
  std::size_t response_bytes;      // body
  std::chrono::milliseconds time;  // in all
  int redirects = 0;               // that are followed; each is checked as the first request was
  // Of each attempt; none for the server's own.
  std::optional<std::chrono::milliseconds> connect = {};        // at most kConnectTime
  std::optional<std::chrono::milliseconds> first_byte = {};     // until the response begins
  std::optional<std::chrono::milliseconds> between_bytes = {};  // once it has
};

}  // namespace mayfly::egress
