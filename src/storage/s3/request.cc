#include "storage/s3/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace mayfly::storage::s3 {

std::string encode(std::string_view text, Slash slash) {
  const auto is_unreserved = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
  };
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == Slash::kKept)) encoded += c;
    else fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string target_of(const Request& request) {
  std::string target = "/" + encode(request.bucket, Slash::kEncoded);
  if (!request.key.empty()) target += "/" + encode(request.key, Slash::kKept);
  std::vector<std::string> pairs;
  for (const auto& [name, value] : request.query) {
    pairs.push_back(encode(name, Slash::kEncoded) + "=" + encode(value, Slash::kEncoded));
  }
  std::ranges::sort(pairs);
  if (!pairs.empty()) target += fmt::format("?{}", fmt::join(pairs, "&"));
  return target;
}

}  // namespace mayfly::storage::s3
