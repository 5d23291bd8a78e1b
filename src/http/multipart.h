#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::http {

// One part of a multipart/form-data body (RFC 7578). Views into the body that was parsed.
struct Part {
  std::string name;
  std::optional<std::string> filename;
  std::string_view content_type;
  std::string_view body;
};

// Splits a body. `content_type` is the request's header value; it must be multipart/form-data with a boundary.
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace mayfly::http
