// What an S3 server may answer: every text is read, or refused with a reason.
#include "base/check.h"
#include "storage/s3/answers.h"
#include "storage/s3/document.h"

namespace s3 = mayfly::storage::s3;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(s3::read_refusal(input));
  static_cast<void>(s3::read_time(input));
  if (const auto list = s3::read_list(input); !list) CHECK(!list.error().message.empty());
  if (const auto versions = s3::read_versions(input); !versions) CHECK(!versions.error().message.empty());
  if (const auto document = s3::parse_document(input)) {
    const std::string text = s3::to_json(*document);
    CHECK(s3::to_json(*s3::parse_document(text)) == text);
  }
  return 0;
}
