#include "storage/embedded_storage.h"

#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace mayfly::storage {
namespace {

class EmbeddedStorageTest : public ::testing::Test {
 protected:
  auto open() { return EmbeddedStorage::open(files_, folder_); }

  TemporaryFolder temporary_;
  PosixFileSystem files_;
  DataFolder folder_ = DataFolder::open(files_, temporary_.path()).value();
  std::string records_ = temporary_.path() + "/records.db";
};

TEST_F(EmbeddedStorageTest, KeepsEverythingOverARestart) {
  const VersionRecord version{
      .function = "hello", .digest = "sha256:1", .artefact = "2", .manifest = "{}", .size = 3, .created = 4};
  std::string digest;
  {
    const auto storage = open().value();
    digest = storage->put_blob("module").value();
    ASSERT_TRUE(storage->publish(version));
  }
  const auto storage = open().value();
  EXPECT_EQ(storage->read_blob(digest), "module");
  EXPECT_EQ(storage->functions().value().at(0).active, version.digest);
  EXPECT_EQ(storage->versions("hello").value().at(0).created, version.created);
}

TEST_F(EmbeddedStorageTest, LeavesRecordsOfANewerSchemaAlone) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(Database::open(records_)->execute("PRAGMA user_version = 2"));
  const auto newer = open();
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::kDataTooNew);
}

TEST_F(EmbeddedStorageTest, RefusesRecordsThatAreNotADatabase) {
  std::ofstream(records_) << std::string(4096, 'x');
  const auto damaged = open();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kStorage);
  EXPECT_EQ(damaged.error().message, records_ + ": file is not a database");
}

}  // namespace
}  // namespace mayfly::storage
