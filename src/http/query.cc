#include "http/query.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>

namespace mayfly::http {
namespace {

// The byte behind the `%` at `at`, when two hex digits follow it.
std::optional<char> escaped_byte(std::string_view text, std::size_t at) {
  const std::string_view digits = text.substr(at + 1, 2);
  unsigned char byte = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
  return static_cast<char>(byte);
}

enum class Part { kPath, kForm };

// Browsers' rules (WHATWG URL section 5.1): a `%` that escapes nothing is itself.
std::string decode(std::string_view text, Part part) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto byte = text[at] == '%' ? escaped_byte(text, at) : std::nullopt;
    if (part == Part::kPath && byte == '\0') byte.reset();
    bytes += byte ? *byte : text[at] == '+' && part == Part::kForm ? ' ' : text[at];
    if (byte) at += 2;
  }
  return to_utf8(bytes);
}

}  // namespace

std::string decode_path(std::string_view text) { return decode(text, Part::kPath); }

std::vector<Parameter> parse_query(std::string_view query) {
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;  // `a=1&&b=2` has two parameters
    const auto equals = std::min(pair.find('='), pair.size());
    const auto value = pair.substr(std::min(equals + 1, pair.size()));
    parameters.push_back({decode(pair.substr(0, equals), Part::kForm), decode(value, Part::kForm)});
  }
  return parameters;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    const auto byte = escaped_byte(text, at);
    if (!byte) return std::nullopt;
    bytes += *byte;
    at += 2;
  }
  return bytes;
}

}  // namespace mayfly::http
