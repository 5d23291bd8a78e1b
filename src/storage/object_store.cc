#include "storage/object_store.h"

#include "base/text.h"
#include "storage/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage {
namespace {

bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_ip_address(std::string_view text) {
  return std::ranges::count(text, '.') == 3 &&
         std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Whether a part between slashes is one that a path would swallow.
bool has_path_part(std::string_view key) {
  for (std::size_t start = 0; start <= key.size();) {
    const auto end = std::min(key.find('/', start), key.size());
    const std::string_view part = key.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return true;
    start = end + 1;
  }
  return false;
}

// For a message: names may be long, and anything.
std::string shown(std::string_view name) { return to_utf8(name.substr(0, 100)); }

}  // namespace

Status check_bucket_name(std::string_view bucket) {
  const bool shaped =
      bucket.size() >= kMinBucketBytes && bucket.size() <= kMaxBucketBytes && is_lower_alphanumeric(bucket.front()) &&
      is_lower_alphanumeric(bucket.back()) &&
      std::ranges::all_of(bucket, [](char c) { return is_lower_alphanumeric(c) || c == '-' || c == '.'; }) &&
      bucket.find("..") == std::string_view::npos && !is_ip_address(bucket);
  if (shaped) return {};
  return fail(ErrorCode::kBadBucketName,
              fmt::format("`{}` is not a bucket name: {} to {} of a-z, 0-9, '-', '.', with a letter or a digit at both "
                          "ends",
                          shown(bucket), kMinBucketBytes, kMaxBucketBytes));
}

Status check_key(std::string_view key) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::kBadFileName, fmt::format("`{}` is not a file name: {}", shown(key), why));
  };
  if (key.empty() || key.size() > kMaxKeyBytes) return bad(fmt::format("it has 1 to {} bytes", kMaxKeyBytes));
  if (!is_utf8(key)) return bad("it is not UTF-8");
  if (std::ranges::any_of(key, is_control)) return bad("it has a control character");
  if (has_path_part(key)) return bad("a part of it is empty, `.` or `..`");
  return {};
}

tl::unexpected<Error> unknown_bucket(std::string_view bucket) {
  return fail(ErrorCode::kUnknownBucket, fmt::format("there is no bucket `{}`", bucket));
}

tl::unexpected<Error> unknown_file(std::string_view bucket, std::string_view key) {
  return fail(ErrorCode::kUnknownFile, fmt::format("the bucket `{}` has no file `{}`", bucket, shown(key)));
}

tl::unexpected<Error> bucket_exists(std::string_view bucket) {
  return fail(ErrorCode::kBucketExists, fmt::format("the bucket `{}` exists", bucket));
}

tl::unexpected<Error> bucket_not_empty(std::string_view bucket) {
  return fail(ErrorCode::kBucketNotEmpty, fmt::format("the bucket `{}` has files", bucket));
}

std::vector<ObjectVersion> only_version(const Object& object) {
  return {{.id = object.etag, .etag = object.etag, .size = object.bytes.size(), .is_active = true}};
}

Status restore_only(const Object& object, std::string_view version) {
  if (version == object.etag) return {};
  return fail(ErrorCode::kUnknownVersion, "this store keeps no older versions of files");
}

}  // namespace mayfly::storage
