#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <string_view>

namespace mayfly::storage::s3 {

// Where an S3 server is and who asks it.
struct Settings {
  std::string endpoint;  // scheme://host[:port]; buckets are the first segment of the path
  std::string region;
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // "" for keys that last
  std::string ca_file;        // certificate authorities of https; "" for the system's
};

// From the environment, under the names that the tools of AWS use: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which
// must be there, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION (us-east-1), AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL (AWS itself), AWS_CA_BUNDLE or SSL_CERT_FILE. kBadOption, naming the variable. `variable` returns
// null for one that is not set.
Result<Settings> read_settings(const std::function<const char*(const char*)>& variable);

// `s3://BUCKET/PREFIX`, or `s3://` for every bucket of the server.
struct Location {
  std::string bucket;  // "" for every bucket
  std::string prefix;  // of all keys: "", or it ends with a slash
};
// kBadOption, saying what is wrong.
Result<Location> parse_location(std::string_view url);

}  // namespace mayfly::storage::s3
