#pragma once

#include "http/message.h"

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::http {

// How the end of a response body is told to the client.
struct Framing {
  enum class Kind { kLength, kChunked, kUntilClose, kNoBody };
  Kind kind = Kind::kLength;
  // For kLength, and for kNoBody of a HEAD: what the body would have been, where that is known.
  std::optional<std::size_t> length = 0;
};

struct HeadOptions {
  Framing framing;
  bool keep_alive = true;
  int minor_version = 1;        // of the request
  std::string_view date;        // an IMF-fixdate
  std::string_view request_id;  // X-Request-Id
};

// Appends status line and fields. Fields of the response that belong to framing, to the connection or to its server
// (Content-Length, Transfer-Encoding, Connection, Keep-Alive, Date, Upgrade, Trailer, X-Request-Id) are not copied:
// they are ours.
void write_head(std::string& out, const Response& response, const HeadOptions& options);

// Appends one chunk of a chunked body, or the last one (RFC 9112 section 7.1). An empty chunk appends nothing; trailers
// that are ours, as above, are left out.
void write_chunk(std::string& out, std::string_view bytes);
void write_last_chunk(std::string& out, const Fields& trailers = {});

// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7), from seconds since the epoch.
std::string imf_fixdate(std::int64_t unix_seconds);

}  // namespace mayfly::http
