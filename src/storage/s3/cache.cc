#include "storage/s3/cache.h"

#include "storage/schema.h"

namespace mayfly::storage::s3 {
namespace {

// `id` is the order of keeping.
constexpr Schema kSchema{1, R"sql(
  CREATE TABLE kept (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    etag TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
)sql"};

Cache::Kept read_kept(const Statement& row) { return {row.text(0), row.text(1), row.text(2)}; }

}  // namespace

Result<std::unique_ptr<Cache>> Cache::open(FileSystem& files, const std::string& folder) {
  if (auto made = files.make_folder(folder); !made) return fail(std::move(made.error()));
  auto blobs = BlobStore::open(files, folder + "/blobs");
  if (!blobs) return fail(std::move(blobs.error()));
  auto records = open_records(files, folder, "kept.db", kSchema);
  if (!records) return fail(std::move(records.error()));
  return std::unique_ptr<Cache>(new Cache(std::move(*blobs), std::move(*records)));  // private constructor
}

Result<std::optional<Cache::Kept>> Cache::find(std::string_view name) {
  auto records = records_.lock();
  auto found = records->query("SELECT name, etag, text FROM kept WHERE name = ?", read_kept, name);
  if (!found) return fail(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

Result<std::vector<Cache::Kept>> Cache::all() {
  auto records = records_.lock();
  return records->query("SELECT name, etag, text FROM kept ORDER BY name", read_kept);
}

Status Cache::keep(const Kept& kept) {
  auto records = records_.lock();
  return records
      ->run("INSERT OR REPLACE INTO kept (name, etag, text) VALUES (?, ?, ?)", kept.name, kept.etag, kept.text)
      .map([](std::int64_t) {});
}

Status Cache::forget(std::string_view name) {
  auto records = records_.lock();
  return records->run("DELETE FROM kept WHERE name = ?", name).map([](std::int64_t) {});
}

Status Cache::shrink(std::int64_t most) {
  auto records = records_.lock();
  const auto gone = records->query(
      "DELETE FROM kept WHERE id <= (SELECT id FROM kept ORDER BY id DESC LIMIT 1 OFFSET ?) RETURNING text",
      [](const Statement& row) { return row.text(0); }, most);
  if (!gone) return fail(gone.error());
  for (const std::string& digest : *gone) {
    const auto users =
        records->query("SELECT 1 FROM kept WHERE text = ? LIMIT 1", [](const Statement&) { return 0; }, digest);
    if (!users) return fail(users.error());
    if (!users->empty()) continue;
    if (auto removed = blobs_->remove(digest); !removed) return removed;
  }
  return {};
}

}  // namespace mayfly::storage::s3
