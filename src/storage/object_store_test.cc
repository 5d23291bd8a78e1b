#include "storage/object_store.h"

#include "storage/embedded_objects.h"
#include "storage/memory_objects.h"
#include "storage/s3/s3_folders.h"
#include "storage/s3/s3_objects.h"
#include "storage/s3/test_server.h"
#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

// What every ObjectStore promises, asked of each.
namespace mayfly::storage {
namespace {

struct InMemory {
  MemoryObjects store;
};

struct Embedded {
  TemporaryFolder temporary;
  PosixFileSystem files;
  DataFolder folder = DataFolder::open(files, temporary.path() + "/data").value();
  std::unique_ptr<EmbeddedObjects> kept = EmbeddedObjects::open(files, folder).value();
  EmbeddedObjects& store = *kept;
};

struct OnS3 {
  s3::TestServer server;
  TemporaryFolder temporary;
  PosixFileSystem files;
  DataFolder folder = DataFolder::open(files, temporary.path() + "/data").value();
  s3::Client client{server.settings()};
  std::unique_ptr<s3::S3Objects> kept = s3::S3Objects::open(files, folder, client).value();
};

struct Buckets : OnS3 {
  s3::S3Objects& store = *kept;
};

struct Folders : OnS3 {
  bool made = client.create_bucket("all-of-them").has_value();
  s3::S3Folders store{client, std::move(kept), {"all-of-them", "prefix/"}};
};

template <typename Kind>
class ObjectStoreContract : public ::testing::Test {
 protected:
  ObjectStore& store() { return kind_.store; }

  ErrorCode code_of(const Status& status) { return status ? ErrorCode::kInternal : status.error().code; }
  template <typename T>
  ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::kInternal : result.error().code;
  }
  std::string bytes(std::string_view bucket, std::string_view key) {
    const auto found = store().get(bucket, key, "");
    return found ? found->object.bytes : describe(found.error().code).slug.data();
  }

 private:
  Kind kind_;
};

using Kinds = ::testing::Types<InMemory, Embedded, Buckets, Folders>;
TYPED_TEST_SUITE(ObjectStoreContract, Kinds);

TYPED_TEST(ObjectStoreContract, GivesBackTheBytesOfAFile) {
  const std::string binary("\0asm\1\0\0\0\xff", 9);
  ASSERT_TRUE(this->store().create_bucket("functions"));
  ASSERT_TRUE(this->store().put("functions", "hello", binary));
  ASSERT_TRUE(this->store().put("functions", "empty", ""));
  EXPECT_EQ(this->bytes("functions", "hello"), binary);
  EXPECT_EQ(this->bytes("functions", "empty"), "");
}

TYPED_TEST(ObjectStoreContract, ReplacesAFileAndItsEtag) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  ASSERT_TRUE(this->store().put("functions", "hello", "one"));
  const auto one = this->store().get("functions", "hello", "").value();
  EXPECT_FALSE(one.is_known);
  EXPECT_TRUE(this->store().get("functions", "hello", one.object.etag)->is_known);
  ASSERT_TRUE(this->store().put("functions", "hello", "two"));
  const auto two = this->store().get("functions", "hello", one.object.etag).value();
  EXPECT_FALSE(two.is_known);
  EXPECT_EQ(two.object.bytes, "two");
  EXPECT_NE(two.object.etag, one.object.etag);
}

TYPED_TEST(ObjectStoreContract, ListsTheKeysOfABucketInTheOrderOfTheirBytes) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  ASSERT_TRUE(this->store().create_bucket("other"));
  const std::vector<std::string> keys = {"B", "a b\"c", "a/b", "b", "\xc3\xa4"};
  for (const auto& key : {"b", "a/b", "\xc3\xa4", "a b\"c", "B"}) {
    ASSERT_TRUE(this->store().put("functions", key, "x"));
  }
  EXPECT_EQ(this->store().list("functions"), keys);
  EXPECT_EQ(this->store().list("other"), std::vector<std::string>());
}

TYPED_TEST(ObjectStoreContract, RemovesAFileAndLeavesOneThatIsEqual) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  ASSERT_TRUE(this->store().put("functions", "one", "same"));
  ASSERT_TRUE(this->store().put("functions", "two", "same"));
  ASSERT_TRUE(this->store().remove("functions", "one"));
  EXPECT_EQ(this->bytes("functions", "one"), "unknown-file");
  EXPECT_EQ(this->bytes("functions", "two"), "same");
  EXPECT_TRUE(this->store().remove("functions", "one")) << "as S3 has it";
}

TYPED_TEST(ObjectStoreContract, MakesABucketOnce) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  EXPECT_EQ(this->code_of(this->store().create_bucket("functions")), ErrorCode::kBucketExists);
}

TYPED_TEST(ObjectStoreContract, RemovesABucketThatIsEmpty) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  ASSERT_TRUE(this->store().put("functions", "hello", "x"));
  EXPECT_EQ(this->code_of(this->store().remove_bucket("functions")), ErrorCode::kBucketNotEmpty);
  ASSERT_TRUE(this->store().remove("functions", "hello"));
  EXPECT_TRUE(this->store().remove_bucket("functions"));
  EXPECT_EQ(this->code_of(this->store().remove_bucket("functions")), ErrorCode::kUnknownBucket);
  EXPECT_EQ(this->code_of(this->store().list("functions")), ErrorCode::kUnknownBucket);
}

TYPED_TEST(ObjectStoreContract, SaysWhatThereIsNot) {
  EXPECT_EQ(this->code_of(this->store().list("nowhere")), ErrorCode::kUnknownBucket);
  EXPECT_EQ(this->code_of(this->store().put("nowhere", "hello", "x")), ErrorCode::kUnknownBucket);
  EXPECT_EQ(this->code_of(this->store().get("nowhere", "hello", "")), ErrorCode::kUnknownBucket);
  EXPECT_EQ(this->code_of(this->store().remove("nowhere", "hello")), ErrorCode::kUnknownBucket);
  ASSERT_TRUE(this->store().create_bucket("functions"));
  EXPECT_EQ(this->code_of(this->store().get("functions", "hello", "")), ErrorCode::kUnknownFile);
}

TYPED_TEST(ObjectStoreContract, RefusesNamesThatS3Refuses) {
  const std::string long_name(64, 'a');
  for (const std::string bucket :
       {"", "ab", "Functions", "a_b", "-ab", "ab.", "a..b", "127.0.0.1", "a/b", long_name.c_str()}) {
    EXPECT_EQ(this->code_of(this->store().create_bucket(bucket)), ErrorCode::kBadBucketName) << bucket;
    EXPECT_EQ(this->code_of(this->store().put(bucket, "key", "x")), ErrorCode::kBadBucketName) << bucket;
  }
  ASSERT_TRUE(this->store().create_bucket(long_name.substr(1)));
  ASSERT_TRUE(this->store().create_bucket("a.b-1"));
  const std::string long_key(1025, 'k');
  for (const std::string key : {"", ".", "..", "a/../b", "/a", "a/", "a//b", "a\nb", "\xff", long_key.c_str()}) {
    EXPECT_EQ(this->code_of(this->store().put("a.b-1", key, "x")), ErrorCode::kBadFileName) << key;
    EXPECT_EQ(this->code_of(this->store().get("a.b-1", key, "")), ErrorCode::kBadFileName) << key;
  }
}

TYPED_TEST(ObjectStoreContract, HasWhatAFileIsAmongItsVersions) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  EXPECT_EQ(this->code_of(this->store().versions("functions", "hello")), ErrorCode::kUnknownFile);
  ASSERT_TRUE(this->store().put("functions", "hello", "one"));
  const auto versions = this->store().versions("functions", "hello").value();
  ASSERT_EQ(versions.size(), 1U);
  EXPECT_TRUE(versions[0].is_active);
  EXPECT_EQ(versions[0].size, 3U);
  EXPECT_TRUE(this->store().restore("functions", "hello", versions[0].id));
  EXPECT_EQ(this->bytes("functions", "hello"), "one");
  EXPECT_FALSE(this->store().restore("functions", "hello", "no-version"));
}

TYPED_TEST(ObjectStoreContract, ServesSeveralThreads) {
  ASSERT_TRUE(this->store().create_bucket("functions"));
  // versitygw takes a folder away with its last file, even from under another that is being made.
  ASSERT_TRUE(this->store().put("functions", "zero", "stays"));
  const auto work = [&](const std::string& mine) {
    for (int i = 0; i < 5; ++i) {
      const auto kept = this->store().put("functions", mine, "same");
      EXPECT_TRUE(kept) << kept.error().message;
      EXPECT_EQ(this->bytes("functions", mine), "same");
      EXPECT_TRUE(this->store().remove("functions", mine));
    }
    EXPECT_TRUE(this->store().put("functions", mine, mine));
  };
  {
    std::jthread one(work, "one");
    std::jthread two(work, "two");
  }
  EXPECT_EQ(this->bytes("functions", "one"), "one");
  EXPECT_EQ(this->store().list("functions")->size(), 3U);
}

TEST(EmbeddedObjects, KeepsFilesOverARestartAndNoBytesOfFilesThatAreGone) {
  TemporaryFolder temporary;
  PosixFileSystem files;
  const auto folder = DataFolder::open(files, temporary.path() + "/data").value();
  const auto blobs = [&] {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() + "/files")) {
      if (entry.is_regular_file()) ++found;
    }
    return found;
  };
  {
    const auto store = EmbeddedObjects::open(files, folder).value();
    ASSERT_TRUE(store->create_bucket("functions"));
    ASSERT_TRUE(store->put("functions", "hello", "one"));
    ASSERT_TRUE(store->put("functions", "hello", "two"));
    EXPECT_EQ(blobs(), 1U);
  }
  const auto store = EmbeddedObjects::open(files, folder).value();
  EXPECT_EQ(store->get("functions", "hello", "")->object.bytes, "two");
  ASSERT_TRUE(store->remove("functions", "hello"));
  EXPECT_EQ(blobs(), 0U);
}

}  // namespace
}  // namespace mayfly::storage
