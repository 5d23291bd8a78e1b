#include "storage/embedded_storage.h"

#include "storage/schema.h"

namespace mayfly::storage {
namespace {

// A version's identity is function and digest; `id` is the order of the last publishing, as no clock is.
constexpr Schema kSchema{1, R"sql(
  CREATE TABLE versions (
    id       INTEGER PRIMARY KEY,
    function TEXT NOT NULL,
    digest   TEXT NOT NULL,
    artefact TEXT NOT NULL,
    manifest TEXT NOT NULL,
    size     INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    UNIQUE (function, digest)
  ) STRICT;
  CREATE TABLE functions (
    name   TEXT PRIMARY KEY,
    active TEXT NOT NULL,
    FOREIGN KEY (name, active) REFERENCES versions (function, digest)
  ) STRICT, WITHOUT ROWID;
)sql"};

}  // namespace

Result<std::unique_ptr<EmbeddedStorage>> EmbeddedStorage::open(FileSystem& files, const DataFolder& folder) {
  auto blobs = BlobStore::open(files, folder.path() + "/blobs");
  if (!blobs) return fail(std::move(blobs.error()));

  auto records = open_records(files, folder.path(), "records.db", kSchema);
  if (!records) return fail(std::move(records.error()));
  return std::unique_ptr<EmbeddedStorage>(
      new EmbeddedStorage(std::move(*blobs), std::move(*records)));  // private constructor
}

Result<std::string> EmbeddedStorage::put_blob(std::string_view bytes) { return blobs_->put(bytes); }

Result<std::string> EmbeddedStorage::read_blob(std::string_view digest) { return blobs_->read(digest); }

Result<VersionRecord> EmbeddedStorage::publish(const VersionRecord& version) {
  VersionRecord kept = version;
  auto records = records_.lock();
  const Status published = records->atomically([&]() -> Status {
    const auto created = records->query(
        "INSERT INTO versions (function, digest, artefact, manifest, size, created)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (function, digest)"
        " DO UPDATE SET id = (SELECT MAX(id) + 1 FROM versions) RETURNING created",
        [](const Statement& row) { return row.integer(0); }, version.function, version.digest, version.artefact,
        version.manifest, static_cast<std::int64_t>(version.size), version.created);
    if (!created) return fail(created.error());
    kept.created = created->front();
    const auto activated = records->run(
        "INSERT INTO functions (name, active) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET active = excluded.active",
        version.function, version.digest);
    if (!activated) return fail(activated.error());
    return {};
  });
  if (!published) return fail(published.error());
  return kept;
}

Status EmbeddedStorage::activate(std::string_view function, std::string_view digest) {
  auto records = records_.lock();
  const auto activated = records->run(
      "UPDATE functions SET active = ?2 WHERE name = ?1"
      " AND EXISTS (SELECT 1 FROM versions WHERE function = ?1 AND digest = ?2)",
      function, digest);
  if (!activated) return fail(activated.error());
  if (*activated == 0) return unknown_version(function, digest);
  return {};
}

Status EmbeddedStorage::remove(std::string_view function) {
  auto records = records_.lock();
  return records->atomically([&]() -> Status {
    const auto removed = records->run("DELETE FROM functions WHERE name = ?", function);
    if (!removed) return fail(removed.error());
    if (*removed == 0) return unknown_function(function);
    const auto forgotten = records->run("DELETE FROM versions WHERE function = ?", function);
    if (!forgotten) return fail(forgotten.error());
    return {};
  });
}

Result<std::vector<FunctionRecord>> EmbeddedStorage::functions() {
  auto records = records_.lock();
  return records->query("SELECT name, active FROM functions ORDER BY name", [](const Statement& row) {
    return FunctionRecord{.name = row.text(0), .active = row.text(1)};
  });
}

Result<std::vector<VersionRecord>> EmbeddedStorage::versions(std::string_view function) {
  auto records = records_.lock();
  return records->query(
      "SELECT function, digest, artefact, manifest, size, created FROM versions"
      " WHERE function = ? ORDER BY id DESC",
      [](const Statement& row) {
        return VersionRecord{.function = row.text(0),
                             .digest = row.text(1),
                             .artefact = row.text(2),
                             .manifest = row.text(3),
                             .size = static_cast<std::uint64_t>(row.integer(4)),
                             .created = row.integer(5)};
      },
      function);
}

}  // namespace mayfly::storage
