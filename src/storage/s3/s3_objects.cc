#include "storage/s3/s3_objects.h"

#include "storage/limits.h"
#include "storage/s3/cache_folder.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage::s3 {
namespace {

Status check_names(std::string_view bucket, std::string_view key) {
  return check_bucket_name(bucket).and_then([&] { return check_key(key); });
}

// Whether a file may be a function: others are not worth the disk.
bool may_be_code(std::string_view bytes) {
  return bytes.starts_with(std::string_view("\0asm", 4)) || bytes.starts_with('(') || bytes.starts_with(";;");
}

// What the server says of a bucket or file that is not there, as every store says it.
Error plain(Error error, std::string_view bucket, std::string_view key) {
  if (error.code == ErrorCode::kUnknownBucket) return unknown_bucket(bucket).value();
  if (error.code == ErrorCode::kUnknownFile) return unknown_file(bucket, key).value();
  if (error.code == ErrorCode::kBucketExists) return bucket_exists(bucket).value();
  if (error.code == ErrorCode::kBucketNotEmpty) return bucket_not_empty(bucket).value();
  return error;
}

}  // namespace

Result<std::unique_ptr<S3Objects>> S3Objects::open(FileSystem& files, const DataFolder& folder, const Client& client) {
  const auto path = cache_folder(files, folder, client.settings(), {});
  if (!path) return fail(path.error());
  auto cache = Cache::open(files, *path);
  if (!cache) return fail(std::move(cache.error()));
  return std::unique_ptr<S3Objects>(new S3Objects(client, std::move(*cache)));  // private constructor
}

Status S3Objects::create_bucket(std::string_view bucket) {
  return check_bucket_name(bucket).and_then([&] { return client_.create_bucket(bucket); }).map_error([&](Error error) {
    return plain(std::move(error), bucket, "");
  });
}

Status S3Objects::remove_bucket(std::string_view bucket) {
  return check_bucket_name(bucket).and_then([&] { return client_.remove_bucket(bucket); }).map_error([&](Error error) {
    return plain(std::move(error), bucket, "");
  });
}

Result<std::vector<std::string>> S3Objects::list(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return fail(std::move(named.error()));
  auto listed = client_.list(bucket);
  if (!listed) return fail(plain(std::move(listed.error()), bucket, ""));
  std::vector<std::string> keys;
  for (Listed& object : listed->objects) keys.push_back(std::move(object.key));
  std::ranges::sort(keys);
  return keys;
}

Status S3Objects::put(std::string_view bucket, std::string_view key, std::string_view bytes) {
  return check_names(bucket, key).and_then([&] { return client_.put(bucket, key, bytes); }).map_error([&](Error error) {
    return plain(std::move(error), bucket, key);
  });
}

Result<Object> S3Objects::read_cached(const Cache::Kept& kept) const {
  return cache_->read_blob(kept.text).map([&](std::string bytes) { return Object{std::move(bytes), kept.etag}; });
}

// A cache that cannot be written costs time, and is tried again.
void S3Objects::keep(const std::string& name, const Object& object) {
  const auto kept = cache_->put_blob(object.bytes).and_then([&](const std::string& digest) {
    return cache_->keep({name, object.etag, digest});
  });
  if (kept) (void)cache_->shrink(kCachedFiles);
}

Result<Fetched> S3Objects::get(std::string_view bucket, std::string_view key, std::string_view known) {
  if (auto named = check_names(bucket, key); !named) return fail(std::move(named.error()));
  const std::string name = fmt::format("{}/{}", bucket, key);
  Result<Object> cached = mayfly::fail(ErrorCode::kUnknownFile, "");
  if (known.empty()) {
    const auto kept = cache_->find(name);
    if (kept && *kept) cached = read_cached(**kept);
  }
  auto found = client_.get(bucket, key, known.empty() && cached ? std::string_view(cached->etag) : known);
  if (!found) {
    if (found.error().code == ErrorCode::kStoreAway && cached) return Fetched{.object = std::move(*cached)};
    if (found.error().code == ErrorCode::kUnknownFile) (void)cache_->forget(name);
    return fail(plain(std::move(found.error()), bucket, key));
  }
  if (found->is_known) {
    if (known.empty()) return Fetched{.object = std::move(*cached)};
    return Fetched{.is_known = true};
  }
  Object object{std::move(found->bytes), std::move(found->etag)};
  if (may_be_code(object.bytes) && !object.etag.empty()) keep(name, object);
  return Fetched{.object = std::move(object)};
}

Status S3Objects::remove(std::string_view bucket, std::string_view key) {
  return check_names(bucket, key).and_then([&] { return client_.remove(bucket, key); }).map_error([&](Error error) {
    return plain(std::move(error), bucket, key);
  });
}

Result<std::vector<ObjectVersion>> S3Objects::versions(std::string_view bucket, std::string_view key) {
  if (auto named = check_names(bucket, key); !named) return fail(std::move(named.error()));
  const auto listed = client_.versions(bucket, key);
  if (!listed) return fail(plain(listed.error(), bucket, key));
  std::vector<ObjectVersion> versions;
  for (const ListedVersion& version : *listed) {
    if (!version.is_deletion) {
      versions.push_back({version.version, version.etag, version.size, version.modified, version.is_latest});
    }
  }
  if (versions.empty()) return unknown_file(bucket, key);
  return versions;
}

Status S3Objects::restore(std::string_view bucket, std::string_view key, std::string_view version) {
  if (auto named = check_names(bucket, key); !named) return named;
  auto found = client_.get(bucket, key, "", version);
  if (!found) return fail(plain(std::move(found.error()), bucket, key));
  return put(bucket, key, found->bytes);
}

}  // namespace mayfly::storage::s3
