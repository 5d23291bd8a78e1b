#include "storage/s3/s3_folders.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage::s3 {

std::string S3Folders::mark_of(std::string_view bucket) const {
  return fmt::format("{}buckets/{}", location_.prefix, bucket);
}

std::string S3Folders::key_of(std::string_view bucket, std::string_view key) const {
  return fmt::format("{}files/{}/{}", location_.prefix, bucket, key);
}

// That there is such a bucket.
Status S3Folders::check(std::string_view bucket) const {
  if (auto named = check_bucket_name(bucket); !named) return named;
  const auto found = client_.get(location_.bucket, mark_of(bucket));
  if (!found && found.error().code == ErrorCode::kUnknownFile) return unknown_bucket(bucket);
  if (!found) return fail(found.error());
  return {};
}

Status S3Folders::check(std::string_view bucket, std::string_view key) const {
  return check_key(key).and_then([&] { return check(bucket); });
}

// What is said of the object in terms of the file that it holds.
Error S3Folders::said(Error error, std::string_view bucket, std::string_view key) const {
  return error.code == ErrorCode::kUnknownFile ? unknown_file(bucket, key).value() : error;
}

Status S3Folders::create_bucket(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return named;
  const auto made = client_.put(location_.bucket, mark_of(bucket), "", {.kind = Client::Condition::Kind::kIsMissing});
  if (!made) return fail(made.error());
  if (!*made) return bucket_exists(bucket);
  return {};
}

Status S3Folders::remove_bucket(std::string_view bucket) {
  const auto files = list(bucket);
  if (!files) return fail(files.error());
  if (!files->empty()) return bucket_not_empty(bucket);
  return client_.remove(location_.bucket, mark_of(bucket));
}

Result<std::vector<std::string>> S3Folders::list(std::string_view bucket) {
  if (auto there = check(bucket); !there) return fail(std::move(there.error()));
  const std::string prefix = key_of(bucket, "");
  const auto listed = client_.list(location_.bucket, prefix);
  if (!listed) return fail(listed.error());
  std::vector<std::string> keys;
  for (const Listed& object : listed->objects) keys.push_back(object.key.substr(prefix.size()));
  std::ranges::sort(keys);
  return keys;
}

Status S3Folders::put(std::string_view bucket, std::string_view key, std::string_view bytes) {
  return check(bucket, key).and_then([&] { return client_.put(location_.bucket, key_of(bucket, key), bytes); });
}

// A file that is there has a bucket: only where there is none is the bucket looked for.
Result<Fetched> S3Folders::get(std::string_view bucket, std::string_view key, std::string_view known) {
  if (auto named = check_bucket_name(bucket).and_then([&] { return check_key(key); }); !named) {
    return fail(std::move(named.error()));
  }
  auto found = objects_->get(location_.bucket, key_of(bucket, key), known);
  if (found || found.error().code != ErrorCode::kUnknownFile) return found;
  if (auto there = check(bucket); !there) return fail(std::move(there.error()));
  return unknown_file(bucket, key);
}

Status S3Folders::remove(std::string_view bucket, std::string_view key) {
  return check(bucket, key).and_then([&] { return client_.remove(location_.bucket, key_of(bucket, key)); });
}

Result<std::vector<ObjectVersion>> S3Folders::versions(std::string_view bucket, std::string_view key) {
  if (auto there = check(bucket, key); !there) return fail(std::move(there.error()));
  return objects_->versions(location_.bucket, key_of(bucket, key)).map_error([&](Error error) {
    return said(std::move(error), bucket, key);
  });
}

Status S3Folders::restore(std::string_view bucket, std::string_view key, std::string_view version) {
  return check(bucket, key)
      .and_then([&] { return objects_->restore(location_.bucket, key_of(bucket, key), version); })
      .map_error([&](Error error) { return said(std::move(error), bucket, key); });
}

}  // namespace mayfly::storage::s3
