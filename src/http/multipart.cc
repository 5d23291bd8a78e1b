#include "http/multipart.h"

#include "base/text.h"
#include "http/limits.h"
#include "http/message.h"

#include <fmt/format.h>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace mayfly::http {
namespace {

using enum ErrorCode;

struct Parameterized {
  std::string_view value;       // `form-data` of `form-data; name="a"`
  std::string_view parameters;  // from the first semicolon on
};

Parameterized split_parameters(std::string_view text) {
  const auto semicolon = std::min(text.find(';'), text.size());
  return {trim(text.substr(0, semicolon)), text.substr(semicolon)};
}

std::optional<std::string> find_parameter(std::string_view parameters, std::string_view name) {
  for (const auto& [key, value] : boost::beast::http::param_list(parameters)) {
    if (equals_ignoring_case(key, name)) return std::string(value);
  }
  return std::nullopt;
}

// RFC 2046 section 5.1.1.
bool is_boundary(std::string_view text) {
  constexpr std::string_view kChars = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";
  return !text.empty() && text.size() <= 70 && text.back() != ' ' && text.find_first_not_of(kChars) == text.npos;
}

Result<std::string> boundary_of(std::string_view content_type) {
  const auto [type, parameters] = split_parameters(content_type);
  if (!equals_ignoring_case(type, "multipart/form-data")) {
    return fail(kUnsupportedMediaType, "the Content-Type is not multipart/form-data");
  }
  const auto boundary = find_parameter(parameters, "boundary");
  if (!boundary) return fail(kBadMultipart, "the Content-Type has no boundary");
  if (!is_boundary(*boundary)) {
    return fail(kBadMultipart, "the boundary is not 1 to 70 of the characters that RFC 2046 allows");
  }
  return *boundary;
}

struct Delimiter {
  std::size_t begin;  // with the CRLF before its line, which belongs to it
  std::size_t end;    // behind its line
  bool last;          // `--boundary--`
};

// The delimiter that begins at `begin`, when the line is whole and nothing but the boundary.
std::optional<Delimiter> delimiter_at(std::string_view body, std::size_t begin, std::size_t boundary_end) {
  auto rest = body.substr(boundary_end);
  const bool last = rest.starts_with("--");
  if (last) rest.remove_prefix(2);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (rest.starts_with("\r\n")) return Delimiter{begin, body.size() - rest.size() + 2, last};
  if (last && rest.empty()) return Delimiter{begin, body.size(), last};
  return std::nullopt;
}

// The next one. `mark` is the boundary with the CRLF and dashes before it; at the very start of the
// body the CRLF is missing.
std::optional<Delimiter> find_delimiter(std::string_view body, std::string_view mark, std::size_t from) {
  if (from == 0 && body.starts_with(mark.substr(2))) {
    if (auto first = delimiter_at(body, 0, mark.size() - 2)) return first;
  }
  for (auto at = body.find(mark, from); at != body.npos; at = body.find(mark, at + 1)) {
    if (auto next = delimiter_at(body, at, at + mark.size())) return next;
  }
  return std::nullopt;
}

Status read_disposition(Part& part, std::string_view value) {
  const auto [type, parameters] = split_parameters(value);
  const auto name = find_parameter(parameters, "name");
  if (!equals_ignoring_case(type, "form-data") || !name) {
    return fail(kBadMultipart, "its Content-Disposition is not form-data with a name");
  }
  part.name = *name;
  part.filename = find_parameter(parameters, "filename");
  return {};
}

Result<Part> parse_part(std::string_view text) {
  const auto header_end = text.substr(0, kPartHeaderBytes).find("\r\n\r\n");
  if (header_end == text.npos) {
    return fail(kBadMultipart, fmt::format("it has no empty line within {} bytes", kPartHeaderBytes));
  }
  Part part{.content_type = "text/plain", .body = text.substr(header_end + 4)};  // RFC 7578 section 4.4
  bool has_disposition = false;
  for (auto header = text.substr(0, header_end + 2); !header.empty();) {
    const auto line = header.substr(0, header.find("\r\n"));
    header.remove_prefix(line.size() + 2);
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = line.substr(0, colon);
    if (colon == line.size() || !is_token(name)) return fail(kBadMultipart, "it has a malformed header line");
    const auto value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Type")) part.content_type = value;
    if (!equals_ignoring_case(name, "Content-Disposition")) continue;
    if (auto status = read_disposition(part, value); !status) return fail(std::move(status).error());
    has_disposition = true;
  }
  if (!has_disposition) return fail(kBadMultipart, "it has no Content-Disposition");
  return part;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return fail(boundary.error());
  const auto mark = "\r\n--" + *boundary;

  std::vector<Part> parts;
  auto delimiter = find_delimiter(body, mark, 0);
  if (!delimiter) return fail(kBadMultipart, "no line of the body is the boundary that the Content-Type names");
  while (!delimiter->last) {
    if (parts.size() == kMultipartParts) {
      return fail(kBadMultipart, fmt::format("there are more than {} parts", kMultipartParts));
    }
    const auto next = find_delimiter(body, mark, delimiter->end);
    if (!next) return fail(kBadMultipart, "the body ends before its final boundary");
    auto part = parse_part(body.substr(delimiter->end, next->begin - delimiter->end));
    if (!part) {
      return fail(kBadMultipart, fmt::format("part {}: {}", parts.size() + 1, part.error().message));
    }
    parts.push_back(std::move(*part));
    delimiter = next;
  }
  return parts;
}

}  // namespace mayfly::http
