// Any bytes give the same requests and the same error whether they arrive at once or one by one,
// and a request that is accepted has nothing in it that could be read in another way.
#include "base/check.h"
#include "http/request_parser.h"

namespace http = mayfly::http;

namespace {

void check(const http::Request& request) {
  CHECK(http::is_token(request.method));
  CHECK(request.target.starts_with('/') || request.target == "*");
  CHECK(http::is_field_value(request.target));
  CHECK(request.fields.count("Host") <= 1);
  CHECK(request.fields.count("Content-Length") + request.fields.count("Transfer-Encoding") <= 1);
  for (const auto& [name, value] : request.fields) {
    CHECK(http::is_token(name));
    CHECK(http::is_field_value(value));
  }
}

std::string parse(std::string_view bytes, std::size_t step) {
  const http::Limits limits{
      .target_bytes = 64, .header_bytes = 256, .header_fields = 4, .body_bytes = 32, .upload_bytes = 0};
  http::RequestParser parser(limits);
  std::string outcome;
  std::size_t consumed = 0;
  for (std::size_t arrived = 0; arrived < bytes.size();) {
    arrived = std::min(arrived + step, bytes.size());
    for (std::size_t used = 1; used > 0; consumed += used) {
      const auto result = parser.consume(bytes.substr(consumed, arrived - consumed));
      if (!result) return outcome + result.error().message;
      used = *result;
      if (parser.state() != http::RequestParser::State::kDone) continue;
      const http::Request request = parser.take();
      check(request);
      outcome += request.method + " " + request.target + (request.keep_alive ? " stays\n" : " closes\n");
      for (const auto& [name, value] : request.fields) outcome += name + ":" + value + "\n";
      outcome += request.body + "\n";
    }
  }
  return outcome + std::to_string(static_cast<int>(parser.state()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = parse(bytes, size);
  CHECK(parse(bytes, 1) == whole);
  CHECK(parse(bytes, 5) == whole);
  return 0;
}
