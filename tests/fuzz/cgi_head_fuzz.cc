// Whatever a CGI program writes, its header block becomes a response that cannot break the framing, or an error.
#include "base/check.h"
#include "sandbox/abi/abi.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view output(reinterpret_cast<const char*>(data), size);
  const auto head = mayfly::sandbox::abi::read_cgi_head(output);
  if (!head) return 0;
  CHECK(head->consumed <= size && output[head->consumed - 1] == '\n');
  CHECK(head->response.status >= 200 && head->response.status <= 599);
  CHECK(mayfly::http::is_field_value(head->response.reason));
  CHECK(head->response.fields.count("Content-Type") <= 1 && head->response.fields.count("Location") <= 1);
  CHECK(head->response.fields.count("Status") == 0);
  for (const auto& [name, value] : head->response.fields) {
    CHECK(mayfly::http::is_token(name) && mayfly::http::is_field_value(value));
  }
  return 0;
}
