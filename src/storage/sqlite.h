#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace mayfly::storage {

// A prepared statement. Lives no longer than its Database.
class Statement {
 public:
  // Values for ?1, ?2, ... : text or std::int64_t, copied.
  template <typename... Values>
  Status bind(const Values&... values) {
    Status bound;
    int index = 0;
    (void)((bound = bind_one(++index, values)) && ...);
    return bound;
  }

  // Moves to the next row; false when there is none left.
  Result<bool> next();

  // Columns of this row, counted from 0.
  std::string text(int column) const;
  std::int64_t integer(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : handle_(statement) {}

  Status bind_one(int index, std::string_view value);
  Status bind_one(int index, std::int64_t value);

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// A connection to one SQLite file whose commits are durable: write-ahead log, synced at every
// commit. Failures are kStorage and name the file. One thread at a time.
class Database {
 public:
  // Makes the file when there is none. Its name is durable once the caller has synced its folder.
  static Result<Database> open(const std::string& path);

  Result<Statement> prepare(std::string_view sql);

  // Runs statements that take no values and whose rows do not matter.
  Status execute(const std::string& sql);

  // Runs one statement and returns how many rows it changed.
  template <typename... Values>
  Result<std::int64_t> run(std::string_view sql, const Values&... values) {
    auto statement = prepare(sql);
    if (!statement) return fail(std::move(statement.error()));
    const auto done = statement->bind(values...).and_then([&] { return statement->next(); });
    if (!done) return fail(done.error());
    return changes();
  }

  // Every row of a query, as what `read` makes of it.
  template <typename Read, typename... Values>
  auto query(std::string_view sql, Read read, const Values&... values)
      -> Result<std::vector<std::invoke_result_t<Read, const Statement&>>> {
    auto statement = prepare(sql);
    if (!statement) return fail(std::move(statement.error()));
    if (Status bound = statement->bind(values...); !bound) return fail(std::move(bound.error()));
    std::vector<std::invoke_result_t<Read, const Statement&>> rows;
    auto row = statement->next();
    for (; row && *row; row = statement->next()) rows.push_back(read(*statement));
    if (!row) return fail(std::move(row.error()));
    return rows;
  }

  // One transaction: when `work` and the commit succeed all of it has happened, otherwise none.
  Status atomically(const std::function<Status()>& work);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : handle_(connection) {}

  std::int64_t changes() const;

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace mayfly::storage
