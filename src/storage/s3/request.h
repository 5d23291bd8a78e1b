#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::storage::s3 {

// One request of the S3 protocol, before it is signed.
struct Request {
  std::string_view method;
  std::string_view bucket;
  std::string_view key = {};  // "" for the bucket itself
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::string> headers = {};  // `name: value`
  std::string_view body = {};
};

// Everything but unreserved characters as %XX (RFC 3986 section 2.3), as signatures have it; a slash, too, unless it is
// one of a path.
enum class Slash { kKept, kEncoded };
std::string encode(std::string_view text, Slash slash);

// Path and query of a request: encoded, the query in the order of its names, with a `=` behind each. The signature is
// over this text.
std::string target_of(const Request& request);

}  // namespace mayfly::storage::s3
