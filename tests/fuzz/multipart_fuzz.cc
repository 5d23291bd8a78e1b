// The input's first line is the Content-Type, the rest the body. Whatever they are, the parts are
// views into the body, in its order.
#include "base/check.h"
#include "http/multipart.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view content_type = input.substr(0, input.find('\n'));
  const std::string_view body = input.substr(std::min(content_type.size() + 1, input.size()));

  const auto parts = mayfly::http::parse_multipart(content_type, body);
  if (!parts) return 0;
  const char* position = body.data();
  for (const auto& part : *parts) {
    CHECK(part.body.data() >= position);
    position = part.body.data() + part.body.size();
    CHECK(position <= body.data() + body.size());
  }
  return 0;
}
