#include "http/parse_error.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

namespace mayfly::http {
namespace {

// With `{}` for the place where it has one.
std::string_view explain(boost::beast::error_code code) {
  using boost::beast::http::error;
  switch (static_cast<error>(code.value())) {
    case error::bad_method: return "the request line does not begin with a method and a space";
    case error::bad_target: return "the method is not followed by a target and a space";
    case error::bad_version:
    case error::need_more:  // a request line too short to have a version
      return "the target is not followed by HTTP/1.1 or HTTP/1.0 and CRLF";
    case error::bad_field: return "{} has no valid name before a colon";
    case error::bad_value: return "{} is a Connection that is no list of options";
    case error::bad_content_length:
    case error::multiple_content_length:
      return "{} is a Content-Length that is no number, or contradicts another field";
    case error::bad_transfer_encoding: return "{} is a Transfer-Encoding that contradicts another field";
    case error::bad_chunk: return "a chunk has no valid size, or is longer than its size";
    case error::bad_chunk_extension: return "a chunk size is followed by no valid extension";
    default: return "{} is malformed";
  }
}

}  // namespace

Error parse_error(boost::beast::error_code code, std::string_view place) {
  return {ErrorCode::kBadRequest, fmt::format(fmt::runtime(explain(code)), place)};
}

}  // namespace mayfly::http
