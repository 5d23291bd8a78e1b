#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage::s3 {

// What an answer that is no success says; empty when there is no such document.
struct Refusal {
  std::string code;  // NoSuchKey
  std::string message;
};
Refusal read_refusal(std::string_view xml);

// One page of ListObjectsV2.
struct Listed {
  std::string key;
  std::string etag;
};
struct ListPage {
  std::vector<Listed> objects;
  std::vector<std::string> prefixes;  // that a delimiter cut keys at
  std::string next;                   // continuation token; "" at the end
};
Result<ListPage> read_list(std::string_view xml);

// One page of ListObjectVersions.
struct ListedVersion {
  std::string key;
  std::string version;
  std::string etag;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // Unix milliseconds
  bool is_latest = false;
  bool is_deletion = false;  // a delete marker
};
struct VersionPage {
  std::vector<ListedVersion> versions;  // as they came
  std::string next_key, next_version;   // markers; "" at the end
};
Result<VersionPage> read_versions(std::string_view xml);

// `2026-11-21T13:16:34.000Z` as Unix milliseconds; 0 for what is no such text.
std::int64_t read_time(std::string_view text);

}  // namespace mayfly::storage::s3
