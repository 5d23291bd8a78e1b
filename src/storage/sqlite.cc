#include "storage/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace mayfly::storage {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // for an operator who looks at the file with sqlite3(1) meanwhile

tl::unexpected<Error> failure(sqlite3* connection) {
  return fail(ErrorCode::kStorage,
              fmt::format("{}: {}", sqlite3_db_filename(connection, "main"), sqlite3_errmsg(connection)));
}

tl::unexpected<Error> failure(sqlite3_stmt* statement) { return failure(sqlite3_db_handle(statement)); }

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Status Statement::bind_one(int index, std::string_view value) {
  const char* bytes = value.data() == nullptr ? "" : value.data();  // null would bind NULL
  const int bound = sqlite3_bind_text64(handle_.get(), index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (bound != SQLITE_OK) return failure(handle_.get());
  return {};
}

Status Statement::bind_one(int index, std::int64_t value) {
  if (sqlite3_bind_int64(handle_.get(), index, value) != SQLITE_OK) return failure(handle_.get());
  return {};
}

Result<bool> Statement::next() {
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return failure(handle_.get());
  }
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  if (bytes == nullptr) return {};                      // NULL, which no column of ours may be
  return {reinterpret_cast<const char*>(bytes), size};  // SQLite's text is unsigned char
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

Result<Database> Database::open(const std::string& path) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  sqlite3* connection = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &connection, kFlags, nullptr);
  Database database(connection);
  if (opened != SQLITE_OK) {
    return fail(ErrorCode::kStorage, fmt::format("cannot open {}: {}", path, sqlite3_errstr(opened)));
  }
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  const auto mode = database.query("PRAGMA journal_mode = WAL", [](const Statement& row) { return row.text(0); });
  if (!mode) return fail(mode.error());
  if (mode->front() != "wal") {
    return fail(ErrorCode::kStorage, fmt::format("{}: this file system has no write-ahead log for SQLite", path));
  }
  const Status prepared = database.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  if (!prepared) return fail(prepared.error());
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int prepared = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (prepared != SQLITE_OK) return failure(handle_.get());
  return Statement(statement);
}

Status Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(handle_.get());
  }
  return {};
}

Status Database::atomically(const std::function<Status()>& work) {
  bool committing = false;
  const Status done = execute("BEGIN IMMEDIATE").and_then(work).and_then([&] {
    committing = true;
    return execute("COMMIT");
  });
  if (done) return done;
  // Some failures have rolled back by themselves.
  if (sqlite3_get_autocommit(handle_.get()) == 0) (void)execute("ROLLBACK");
  // A commit that could not be synced stands whole in the log, where recovery would find it: empty the log.
  if (committing) (void)execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return done;
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

}  // namespace mayfly::storage
