#pragma once

#include "storage/storage.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage::s3 {

// A function as an object of a bucket: JSON.
struct Document {
  std::string function;
  std::string active;                   // digest of a version
  std::vector<VersionRecord> versions;  // the one published last is the last

  auto find(std::string_view digest) { return std::ranges::find(versions, digest, &VersionRecord::digest); }
};

std::string to_json(const Document& document);
// kStoreDamaged, saying why, when it is no such text.
Result<Document> parse_document(std::string_view text);

}  // namespace mayfly::storage::s3
