// What seed 003's endpoints read as JSON, they write as JSON: the same again, and no longer nested.
#include "base/check.h"
#include "compat/canonical_json.h"

#include <boost/json/parse.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto made = mayfly::compat::canonical_json(input);
  boost::json::parse_options options;
  options.max_depth = 128;
  boost::json::error_code error;
  const auto parsed = boost::json::parse(input, error, {}, options);
  if (!made) return 0;
  CHECK(!error);
  const auto again = mayfly::compat::canonical_json(*made);
  CHECK(again && *again == *made);
  // Numbers apart, which differ in their last digit there, it is the same value.
  CHECK(boost::json::parse(*made, error, {}, options).kind() == parsed.kind());
  return 0;
}
