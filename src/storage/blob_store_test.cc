#include "storage/blob_store.h"

#include "base/text.h"
#include "storage/faulty_file_system.h"
#include "storage/temporary_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace mayfly::storage {
namespace {

class BlobStoreTest : public ::testing::Test {
 protected:
  std::string path(std::string_view digest) const {
    return fmt::format("{}/blobs/{}/{}", temporary_.path(), digest.substr(0, 2), digest.substr(2));
  }

  // What put asks of the disk.
  std::vector<std::string> operations_of_put(std::string_view bytes) {
    const std::size_t before = files_.log().size();
    EXPECT_TRUE(store_->put(bytes));
    return {files_.log().begin() + static_cast<std::ptrdiff_t>(before), files_.log().end()};
  }

  void damage(std::string_view digest, std::string_view bytes) { std::ofstream(path(digest)) << bytes; }

  TemporaryFolder temporary_;
  FaultyFileSystem files_{temporary_.path(), Fault{}};
  std::unique_ptr<BlobStore> store_ = BlobStore::open(files_, temporary_.path() + "/blobs").value();
};

// sha256("abc") = ba7816bf..., the example of FIPS 180-2
const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(BlobStoreTest, SyncsTheFileThenItsNameThenTheNameOfItsFolder) {
  const std::string folder = "blobs/" + kAbc.substr(0, 2);
  const std::string file = folder + "/" + kAbc.substr(2);
  EXPECT_EQ(operations_of_put("abc"), (std::vector<std::string>{
                                          "make folder " + folder,
                                          "read " + file,
                                          "write blobs/incoming/0",
                                          "sync blobs/incoming/0",
                                          "rename blobs/incoming/0 " + file,
                                          "sync folder " + folder,
                                          "sync folder blobs",
                                      }));
}

TEST_F(BlobStoreTest, SyncsTheNamesOfABlobThatIsThereAlready) {
  ASSERT_TRUE(store_->put("abc"));
  const std::string folder = "blobs/" + kAbc.substr(0, 2);
  EXPECT_EQ(operations_of_put("abc"), (std::vector<std::string>{
                                          "make folder " + folder,
                                          "read " + folder + "/" + kAbc.substr(2),
                                          "sync folder " + folder,
                                          "sync folder blobs",
                                      }));
}

TEST_F(BlobStoreTest, NamesTheFileOfADamagedBlobAndMendsItWhenPutAgain) {
  ASSERT_EQ(store_->put("abc"), kAbc);
  for (const auto* bytes : {"abd", "ab", ""}) {
    damage(kAbc, bytes);
    const auto damaged = store_->read(kAbc);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::kStorage);
    EXPECT_NE(damaged.error().message.find(path(kAbc) + " is damaged"), std::string::npos);

    ASSERT_TRUE(store_->put("abc"));
    EXPECT_EQ(store_->read(kAbc), "abc");
  }
}

TEST_F(BlobStoreTest, NamesTheFileOfAMissingBlob) {
  const auto missing = store_->read(kAbc);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, fmt::format("blob {} is missing", path(kAbc)));
}

TEST_F(BlobStoreTest, MakesNoPathOfWhatIsNotADigest) {
  const std::string traversal = "../" + std::string(61, 'a');
  for (const std::string& digest : {std::string(), std::string("ab"), traversal, kAbc + "0"}) {
    const std::size_t before = files_.log().size();
    const auto read = store_->read(digest);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kStorage);
    EXPECT_EQ(files_.log().size(), before);
  }
}

TEST_F(BlobStoreTest, RemovesWhatInterruptedWritesLeft) {
  const std::string incoming = temporary_.path() + "/blobs/incoming";
  std::ofstream(incoming + "/7") << "half a mod";
  ASSERT_TRUE(store_->put("abc"));
  const auto reopened = BlobStore::open(files_, temporary_.path() + "/blobs");
  ASSERT_TRUE(reopened);
  EXPECT_TRUE(files_.list_folder(incoming).value().empty());
  EXPECT_EQ((*reopened)->read(kAbc), "abc");
}

TEST_F(BlobStoreTest, LeavesNoHalfFileWhenTheDiskIsFull) {
  TemporaryFolder other;
  const std::size_t opening = 3;  // make folder, make folder, list
  const Fault full{.kind = Fault::Kind::kFailsOnce, .at = opening + 3};
  FaultyFileSystem files(other.path(), full);
  const auto store = BlobStore::open(files, other.path() + "/blobs").value();
  EXPECT_EQ(store->put("abc").error().message, "injected: write blobs/incoming/0");
  EXPECT_TRUE(files.list_folder(other.path() + "/blobs/incoming").value().empty());
}

}  // namespace
}  // namespace mayfly::storage
