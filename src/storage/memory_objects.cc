#include "storage/memory_objects.h"

#include "base/text.h"

namespace mayfly::storage {

Status MemoryObjects::create_bucket(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return named;
  auto buckets = buckets_.lock();
  if (!buckets->try_emplace(std::string(bucket)).second) return bucket_exists(bucket);
  return {};
}

Status MemoryObjects::remove_bucket(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return named;
  auto buckets = buckets_.lock();
  const auto found = buckets->find(bucket);
  if (found == buckets->end()) return unknown_bucket(bucket);
  if (!found->second.empty()) return bucket_not_empty(bucket);
  buckets->erase(found);
  return {};
}

Result<std::vector<std::string>> MemoryObjects::list(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return fail(named.error());
  auto buckets = buckets_.lock();
  const auto found = buckets->find(bucket);
  if (found == buckets->end()) return unknown_bucket(bucket);
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : found->second) keys.push_back(key);
  return keys;
}

Status MemoryObjects::put(std::string_view bucket, std::string_view key, std::string_view bytes) {
  if (auto named = check_bucket_name(bucket).and_then([&] { return check_key(key); }); !named) return named;
  auto buckets = buckets_.lock();
  const auto found = buckets->find(bucket);
  if (found == buckets->end()) return unknown_bucket(bucket);
  found->second.insert_or_assign(std::string(key), std::string(bytes));
  return {};
}

Result<Fetched> MemoryObjects::get(std::string_view bucket, std::string_view key, std::string_view known) {
  if (auto named = check_bucket_name(bucket).and_then([&] { return check_key(key); }); !named) {
    return fail(named.error());
  }
  auto buckets = buckets_.lock();
  const auto found = buckets->find(bucket);
  if (found == buckets->end()) return unknown_bucket(bucket);
  const auto file = found->second.find(key);
  if (file == found->second.end()) return unknown_file(bucket, key);
  std::string etag = sha256_hex(file->second);
  if (etag == known) return Fetched{.is_known = true};
  return Fetched{.object = {file->second, std::move(etag)}};
}

Status MemoryObjects::remove(std::string_view bucket, std::string_view key) {
  if (auto named = check_bucket_name(bucket).and_then([&] { return check_key(key); }); !named) return named;
  auto buckets = buckets_.lock();
  const auto found = buckets->find(bucket);
  if (found == buckets->end()) return unknown_bucket(bucket);
  if (const auto file = found->second.find(key); file != found->second.end()) found->second.erase(file);
  return {};
}

Result<std::vector<ObjectVersion>> MemoryObjects::versions(std::string_view bucket, std::string_view key) {
  return get(bucket, key, "").map([](const Fetched& found) { return only_version(found.object); });
}

Status MemoryObjects::restore(std::string_view bucket, std::string_view key, std::string_view version) {
  return get(bucket, key, "").and_then([&](const Fetched& found) { return restore_only(found.object, version); });
}

}  // namespace mayfly::storage
