// Any bytes give parameters in UTF-8, not longer than they were but for U+FFFD.
#include "base/check.h"
#include "base/text.h"
#include "http/query.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  std::size_t bytes = 0;
  for (const auto& [name, value] : mayfly::http::parse_query(query)) {
    CHECK(mayfly::is_utf8(name) && mayfly::is_utf8(value));
    bytes += name.size() + value.size();
  }
  CHECK(bytes <= 3 * size);  // U+FFFD has three bytes

  const auto decoded = mayfly::http::percent_decode(query);
  CHECK(!decoded || decoded->size() <= size);
  return 0;
}
