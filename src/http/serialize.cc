#include "http/serialize.h"

#include "base/check.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

namespace mayfly::http {
namespace {

// Ours, whatever the response says.
constexpr std::array<std::string_view, 8> kOurFields = {
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date", "Upgrade", "Trailer", "X-Request-Id"};

bool is_ours(std::string_view name) {
  return std::ranges::any_of(kOurFields, [&](auto ours) { return equals_ignoring_case(ours, name); });
}

// 1xx, 204 and 304 never have a body, and no length of one (RFC 9110 section 8.6).
bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_fields(std::string& out, const Fields& fields) {
  for (const auto& [name, value] : fields) {
    // The last line of defence: who made the response has answered kBadResponse for these already.
    const bool valid = is_token(name) && is_field_value(value);
    if (valid && !is_ours(name)) write_field(out, name, value);
  }
}

}  // namespace

void write_head(std::string& out, const Response& response, const HeadOptions& options) {
  using enum Framing::Kind;
  const auto kind = options.framing.kind;
  CHECK(response.status >= 100 && response.status <= 999);
  CHECK(kind != kChunked || options.minor_version >= 1);  // HTTP/1.0 has no chunks

  const bool own_reason = !response.reason.empty() && is_field_value(response.reason);
  out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
  out.append(own_reason ? std::string_view(response.reason) : reason_phrase(response.status)).append("\r\n");
  write_fields(out, response.fields);
  if (!is_bodiless(response.status)) {
    if (kind == kChunked) write_field(out, "Transfer-Encoding", "chunked");
    if ((kind == kLength || kind == kNoBody) && options.framing.length) {
      write_field(out, "Content-Length", fmt::format_int(*options.framing.length).c_str());
    }
  }
  if (!options.date.empty()) write_field(out, "Date", options.date);
  if (!options.request_id.empty()) write_field(out, "X-Request-Id", options.request_id);
  if (!options.keep_alive || kind == kUntilClose) {
    write_field(out, "Connection", "close");
  } else if (options.minor_version == 0) {
    write_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
}

void write_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // a chunk of size 0 would be the last one
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", bytes.size());
  out.append(bytes).append("\r\n");
}

void write_last_chunk(std::string& out, const Fields& trailers) {
  out += "0\r\n";
  write_fields(out, trailers);
  out += "\r\n";
}

std::string imf_fixdate(std::int64_t unix_seconds) {
  const auto utc = fmt::gmtime(static_cast<std::time_t>(unix_seconds));
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", utc);
}

}  // namespace mayfly::http
