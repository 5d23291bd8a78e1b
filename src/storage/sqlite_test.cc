#include "storage/sqlite.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <limits>

namespace mayfly::storage {
namespace {

class SqliteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database_.execute("CREATE TABLE t (name TEXT NOT NULL, number INTEGER) STRICT"));
  }

  auto integers(std::string_view sql) {
    return database_.query(sql, [](const Statement& row) { return row.integer(0); }).value();
  }
  auto texts(std::string_view sql) {
    return database_.query(sql, [](const Statement& row) { return row.text(0); }).value();
  }

  TemporaryFolder temporary_;
  std::string path_ = temporary_.path() + "/test.db";
  Database database_ = Database::open(path_).value();
};

TEST_F(SqliteTest, SyncsItsLogAtEveryCommit) {
  EXPECT_EQ(texts("PRAGMA journal_mode").front(), "wal");
  constexpr std::int64_t kFull = 2;
  EXPECT_EQ(integers("PRAGMA synchronous").front(), kFull);
  EXPECT_EQ(integers("PRAGMA foreign_keys").front(), 1);
}

TEST_F(SqliteTest, RefusesToWorkWithoutAWriteAheadLog) {
  const auto opened = Database::open(":memory:");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kStorage);
}

TEST_F(SqliteTest, GivesBackWhatWasBound) {
  const std::string text("a\0ü", 4);
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  ASSERT_EQ(database_.run("INSERT INTO t VALUES (?, ?), (?, 0)", text, kLeast, std::string_view()), 2);
  EXPECT_EQ(texts("SELECT name FROM t ORDER BY number"), (std::vector<std::string>{text, ""}));
  EXPECT_EQ(integers("SELECT number FROM t ORDER BY number").front(), kLeast);
}

TEST_F(SqliteTest, NamesTheFileAndTheReasonOfAFailure) {
  const auto failed = database_.run("INSERT INTO t VALUES (NULL, 1)");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kStorage);
  EXPECT_EQ(failed.error().message, path_ + ": NOT NULL constraint failed: t.name");
  EXPECT_FALSE(database_.run("INSERT INTO t"));
  EXPECT_FALSE(database_.run("INSERT INTO t VALUES ('a', 1)", "one value too many"));
  EXPECT_FALSE(Database::open(temporary_.path() + "/no/such.db"));
}

TEST_F(SqliteTest, UndoesAllOfATransactionThatFails) {
  const Status done = database_.atomically([&]() -> Status {
    EXPECT_TRUE(database_.run("INSERT INTO t VALUES ('a', 1)"));
    return fail(ErrorCode::kInternal, "changed its mind");
  });
  EXPECT_EQ(done.error().message, "changed its mind");
  EXPECT_EQ(integers("SELECT count(*) FROM t").front(), 0);

  EXPECT_TRUE(database_.atomically([&] { return database_.execute("INSERT INTO t VALUES ('a', 1)"); }));
  EXPECT_EQ(integers("SELECT count(*) FROM t").front(), 1);
}

}  // namespace
}  // namespace mayfly::storage
