#pragma once

#include "storage/file_system.h"
#include "storage/sqlite.h"

#include <cstdint>
#include <string>

namespace mayfly::storage {

// The tables of one database and their version, which is kept in `PRAGMA user_version`.
struct Schema {
  std::int64_t version;
  const char* statements;
};

// Opens `folder`/`name` with the tables of a schema, made where there are none yet. kDataTooNew when a newer mayfly
// made them.
Result<Database> open_records(FileSystem& files, const std::string& folder, const std::string& name,
                              const Schema& schema);

}  // namespace mayfly::storage
