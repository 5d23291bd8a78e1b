#include "storage/embedded_objects.h"

#include "storage/schema.h"

#include <optional>

namespace mayfly::storage {
namespace {

constexpr Schema kSchema{1, R"sql(
  CREATE TABLE buckets (
    name TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE files (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key    TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_of_blob ON files (digest);
)sql"};

constexpr auto kText = [](const Statement& row) { return row.text(0); };
constexpr auto kInteger = [](const Statement& row) { return row.integer(0); };

Status check_bucket(Database& records, std::string_view bucket) {
  const auto found = records.query("SELECT 1 FROM buckets WHERE name = ?", kInteger, bucket);
  if (!found) return fail(found.error());
  if (found->empty()) return unknown_bucket(bucket);
  return {};
}

Status check_names(std::string_view bucket, std::string_view key) {
  return check_bucket_name(bucket).and_then([&] { return check_key(key); });
}

// The digest of a file's bytes; nothing when there is no such file.
Result<std::optional<std::string>> digest_of(Database& records, std::string_view bucket, std::string_view key) {
  auto found = records.query("SELECT digest FROM files WHERE bucket = ? AND key = ?", kText, bucket, key);
  if (!found) return fail(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

Result<bool> is_used(Database& records, std::string_view digest) {
  const auto users = records.query("SELECT 1 FROM files WHERE digest = ? LIMIT 1", kInteger, digest);
  if (!users) return fail(users.error());
  return !users->empty();
}

}  // namespace

Result<std::unique_ptr<EmbeddedObjects>> EmbeddedObjects::open(FileSystem& files, const DataFolder& folder) {
  auto blobs = BlobStore::open(files, folder.path() + "/files");
  if (!blobs) return fail(std::move(blobs.error()));
  auto records = open_records(files, folder.path(), "files.db", kSchema);
  if (!records) return fail(std::move(records.error()));
  return std::unique_ptr<EmbeddedObjects>(
      new EmbeddedObjects(std::move(*blobs), std::move(*records)));  // private constructor
}

Status EmbeddedObjects::create_bucket(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return named;
  auto records = records_.lock();
  const auto made = records->run("INSERT INTO buckets (name) VALUES (?) ON CONFLICT DO NOTHING", bucket);
  if (!made) return fail(made.error());
  if (*made == 0) return bucket_exists(bucket);
  return {};
}

Status EmbeddedObjects::remove_bucket(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return named;
  auto records = records_.lock();
  if (auto there = check_bucket(*records, bucket); !there) return there;
  const auto removed = records->run(
      "DELETE FROM buckets WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM files WHERE bucket = ?1)", bucket);
  if (!removed) return fail(removed.error());
  if (*removed == 0) return bucket_not_empty(bucket);
  return {};
}

Result<std::vector<std::string>> EmbeddedObjects::list(std::string_view bucket) {
  if (auto named = check_bucket_name(bucket); !named) return fail(named.error());
  auto records = records_.lock();
  if (auto there = check_bucket(*records, bucket); !there) return fail(there.error());
  return records->query("SELECT key FROM files WHERE bucket = ? ORDER BY key", kText, bucket);
}

// Names another blob for a file, or none for a digest of "", and drops the one before when nobody uses it any more.
Status EmbeddedObjects::replace(Database& records, std::string_view bucket, std::string_view key,
                                std::string_view digest) {
  const auto before = digest_of(records, bucket, key);
  if (!before) return fail(before.error());
  const auto changed = digest.empty() ? records.run("DELETE FROM files WHERE bucket = ? AND key = ?", bucket, key)
                                      : records.run(
                                            "INSERT INTO files (bucket, key, digest) VALUES (?, ?, ?)"
                                            " ON CONFLICT (bucket, key) DO UPDATE SET digest = excluded.digest",
                                            bucket, key, digest);
  if (!changed) return fail(changed.error());
  if (!*before) return {};
  const auto used = is_used(records, **before);
  // The file is what was asked for: a blob too many is no failure.
  if (used && !*used) (void)blobs_->remove(**before);
  return {};
}

Status EmbeddedObjects::put(std::string_view bucket, std::string_view key, std::string_view bytes) {
  if (auto named = check_names(bucket, key); !named) return named;
  auto records = records_.lock();
  if (auto there = check_bucket(*records, bucket); !there) return there;
  const auto digest = blobs_->put(bytes);
  if (!digest) return fail(digest.error());
  return replace(*records, bucket, key, *digest);
}

Result<Fetched> EmbeddedObjects::get(std::string_view bucket, std::string_view key, std::string_view known) {
  if (auto named = check_names(bucket, key); !named) return fail(named.error());
  auto records = records_.lock();
  if (auto there = check_bucket(*records, bucket); !there) return fail(there.error());
  const auto digest = digest_of(*records, bucket, key);
  if (!digest) return fail(digest.error());
  if (!*digest) return unknown_file(bucket, key);
  if (**digest == known) return Fetched{.is_known = true};
  auto bytes = blobs_->read(**digest);
  if (!bytes) return fail(std::move(bytes.error()));
  return Fetched{.object = {std::move(*bytes), **digest}};
}

Status EmbeddedObjects::remove(std::string_view bucket, std::string_view key) {
  if (auto named = check_names(bucket, key); !named) return named;
  auto records = records_.lock();
  if (auto there = check_bucket(*records, bucket); !there) return there;
  return replace(*records, bucket, key, "");
}

Result<std::vector<ObjectVersion>> EmbeddedObjects::versions(std::string_view bucket, std::string_view key) {
  return get(bucket, key, "").map([](const Fetched& found) { return only_version(found.object); });
}

Status EmbeddedObjects::restore(std::string_view bucket, std::string_view key, std::string_view version) {
  return get(bucket, key, "").and_then([&](const Fetched& found) { return restore_only(found.object, version); });
}

}  // namespace mayfly::storage
