#include "storage/data_folder.h"

#include "storage/faulty_file_system.h"
#include "storage/temporary_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace mayfly::storage {
namespace {

class DataFolderTest : public ::testing::Test {
 protected:
  Result<DataFolder> open() { return DataFolder::open(files_, path_); }

  void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

  TemporaryFolder temporary_;
  PosixFileSystem files_;
  std::string path_ = temporary_.path() + "/data";
};

TEST_F(DataFolderTest, IsMadeForItsOwnerAlone) {
  ASSERT_TRUE(open());
  struct stat status;
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_EQ(files_.read_file(path_ + "/format").value(), "1\n");
}

TEST_F(DataFolderTest, MayExistAlready) {
  ASSERT_TRUE(open());
  EXPECT_TRUE(open());
}

TEST_F(DataFolderTest, IsNotSharedAndNamesItsUser) {
  const auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDataInUse);
  EXPECT_EQ(second.error().message, fmt::format("data folder {} is in use by process {}", path_, ::getpid()));
}

TEST_F(DataFolderTest, IsInUseEvenWhenTheLockNamesNobody) {
  const auto first = open();
  ASSERT_TRUE(first);
  write(path_ + "/lock", "");
  EXPECT_EQ(open().error().message, fmt::format("data folder {} is in use by another process", path_));
}

TEST_F(DataFolderTest, OfANewerFormatIsLeftAlone) {
  ASSERT_TRUE(open());
  write(path_ + "/format", "2\n");
  const auto newer = open();
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::kDataTooNew);
  EXPECT_EQ(files_.read_file(path_ + "/format").value(), "2\n");
}

TEST_F(DataFolderTest, WithADamagedFormatIsRefused) {
  ASSERT_TRUE(open());
  for (const auto* damaged : {"", "0\n", "one\n", "99999999999\n"}) {
    write(path_ + "/format", damaged);
    const auto opened = open();
    ASSERT_FALSE(opened) << damaged;
    EXPECT_EQ(opened.error().code, ErrorCode::kStorage);
  }
}

TEST_F(DataFolderTest, ThatCannotBeMadeSaysWhy) {
  write(temporary_.path() + "/file", "");
  path_ = temporary_.path() + "/file/data";
  const auto below_a_file = open();
  ASSERT_FALSE(below_a_file);
  EXPECT_EQ(below_a_file.error().code, ErrorCode::kDataNotWritable);
  EXPECT_EQ(below_a_file.error().message, fmt::format("cannot make folder {}: Not a directory", path_));
}

TEST_F(DataFolderTest, ThatIsAFileSaysSo) {
  write(path_, "");
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kDataNotWritable);
  EXPECT_EQ(opened.error().message, fmt::format("cannot create {}/lock: Not a directory", path_));
}

TEST_F(DataFolderTest, ThatIsFullSaysWhy) {
  // make folder, read format, sync its parent, write format
  FaultyFileSystem full(temporary_.path(), {.kind = Fault::Kind::kFailsOnce, .at = 4});
  const auto opened = DataFolder::open(full, path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kDataNotWritable);
  EXPECT_EQ(opened.error().message, "injected: write data/format.tmp");
}

TEST_F(DataFolderTest, ThatRefusesFilesSaysWhy) {
  path_ = "/proc/self";  // refuses root, too
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kDataNotWritable);
}

}  // namespace
}  // namespace mayfly::storage
