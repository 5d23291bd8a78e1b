#include "storage/schema.h"

#include <fmt/format.h>

namespace mayfly::storage {
namespace {

Status prepare(Database& records, const std::string& path, const Schema& schema) {
  const auto versions = records.query("PRAGMA user_version", [](const Statement& row) { return row.integer(0); });
  if (!versions) return fail(versions.error());
  const std::int64_t version = versions->front();
  if (version > schema.version) {
    return fail(ErrorCode::kDataTooNew,
                fmt::format("{} has schema {}, and this mayfly knows schemas up to {}", path, version, schema.version));
  }
  if (version == schema.version) return {};
  return records.atomically([&] {
    return records.execute(schema.statements).and_then([&] {
      return records.execute(fmt::format("PRAGMA user_version = {}", schema.version));
    });
  });
}

}  // namespace

Result<Database> open_records(FileSystem& files, const std::string& folder, const std::string& name,
                              const Schema& schema) {
  const std::string path = folder + "/" + name;
  auto records = Database::open(path);
  if (!records) return fail(std::move(records.error()));
  const Status ready = prepare(*records, path, schema).and_then([&] { return files.sync_folder(folder); });
  if (!ready) return fail(ready.error());
  return records;
}

}  // namespace mayfly::storage
