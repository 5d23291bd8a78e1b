#include "storage/storage.h"

#include "base/text.h"
#include "storage/embedded_storage.h"
#include "storage/memory_storage.h"
#include "storage/s3/s3_storage.h"
#include "storage/s3/test_server.h"
#include "storage/temporary_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

// What every Storage promises, asked of each.
namespace mayfly::storage {
namespace {

struct InMemory {
  MemoryStorage storage;
};

struct Embedded {
  TemporaryFolder temporary;
  PosixFileSystem files;
  DataFolder folder = DataFolder::open(files, temporary.path() + "/data").value();
  std::unique_ptr<EmbeddedStorage> kept = EmbeddedStorage::open(files, folder).value();
  EmbeddedStorage& storage = *kept;
};

struct InABucket {
  s3::TestServer server;
  TemporaryFolder temporary;
  PosixFileSystem files;
  DataFolder folder = DataFolder::open(files, temporary.path() + "/data").value();
  s3::Client client{server.settings()};
  std::unique_ptr<s3::S3Storage> kept = (client.create_bucket("kept").has_value(),
                                         s3::S3Storage::open(files, folder, client, {"kept", "some/prefix/"}).value());
  s3::S3Storage& storage = *kept;
};

VersionRecord version(std::string function, std::string_view module) {
  return {.function = std::move(function),
          .digest = "sha256:" + sha256_hex(fmt::format("manifest of {}", module)),
          .artefact = sha256_hex(module),
          .manifest = R"({"kind":"run"})",
          .size = module.size(),
          .created = 1'700'000'000'000};
}

template <typename Kind>
class StorageContract : public ::testing::Test {
 protected:
  Storage& storage() { return kind_.storage; }

  std::vector<FunctionRecord> functions() { return storage().functions().value(); }
  std::vector<VersionRecord> versions(std::string_view function) { return storage().versions(function).value(); }

  std::vector<std::string> digests(std::string_view function) {
    std::vector<std::string> digests;
    for (const VersionRecord& record : versions(function)) {
      digests.push_back(record.digest);
    }
    return digests;
  }

  std::string active(std::string_view function) {
    for (const FunctionRecord& record : functions()) {
      if (record.name == function) return record.active;
    }
    return "none";
  }

 private:
  Kind kind_;
};

using Kinds = ::testing::Types<InMemory, Embedded, InABucket>;
TYPED_TEST_SUITE(StorageContract, Kinds);

TYPED_TEST(StorageContract, GivesBackTheBytesOfABlob) {
  const std::string bytes("\0asm\1\0\0\0", 8);
  EXPECT_EQ(this->storage().put_blob(bytes), sha256_hex(bytes));
  EXPECT_EQ(this->storage().put_blob(bytes), sha256_hex(bytes));
  EXPECT_EQ(this->storage().read_blob(sha256_hex(bytes)), bytes);
}

TYPED_TEST(StorageContract, KeepsAnEmptyBlob) {
  ASSERT_TRUE(this->storage().put_blob(""));
  EXPECT_EQ(this->storage().read_blob(sha256_hex("")), "");
}

TYPED_TEST(StorageContract, HasNoBlobThatWasNotPut) {
  const auto missing = this->storage().read_blob(sha256_hex("never put"));
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().code == ErrorCode::kStorage || missing.error().code == ErrorCode::kStoreDamaged);
}

TYPED_TEST(StorageContract, StartsEmpty) {
  EXPECT_TRUE(this->functions().empty());
  EXPECT_TRUE(this->versions("hello").empty());
}

TYPED_TEST(StorageContract, GivesBackAPublishedVersionWhole) {
  const VersionRecord published = version("hello", "one");
  ASSERT_TRUE(this->storage().publish(published));
  const auto found = this->versions("hello");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].function, published.function);
  EXPECT_EQ(found[0].digest, published.digest);
  EXPECT_EQ(found[0].artefact, published.artefact);
  EXPECT_EQ(found[0].manifest, published.manifest);
  EXPECT_EQ(found[0].size, published.size);
  EXPECT_EQ(found[0].created, published.created);
}

TYPED_TEST(StorageContract, ActivatesTheLatestPublishedAndListsNewestFirst) {
  const auto one = version("hello", "one");
  const auto two = version("hello", "two");
  ASSERT_TRUE(this->storage().publish(one));
  ASSERT_TRUE(this->storage().publish(two));
  EXPECT_EQ(this->active("hello"), two.digest);
  EXPECT_EQ(this->digests("hello"), (std::vector{two.digest, one.digest}));
}

TYPED_TEST(StorageContract, RepublishingActivatesWithoutADuplicate) {
  const auto one = version("hello", "one");
  const auto two = version("hello", "two");
  for (const auto& each : {one, two}) ASSERT_TRUE(this->storage().publish(each));
  auto again = one;
  again.created += 1000;
  EXPECT_EQ(this->storage().publish(again)->created, one.created) << "the time of its making";
  EXPECT_EQ(this->active("hello"), one.digest);
  EXPECT_EQ(this->digests("hello"), (std::vector{one.digest, two.digest})) << "the last published first";
}

TYPED_TEST(StorageContract, ListsFunctionsByName) {
  for (const auto* name : {"b", "a.z", "a-z", "10", "9"}) {
    ASSERT_TRUE(this->storage().publish(version(name, "one")));
  }
  std::vector<std::string> names;
  for (const auto& function : this->functions()) names.push_back(function.name);
  EXPECT_EQ(names, (std::vector<std::string>{"10", "9", "a-z", "a.z", "b"}));
}

TYPED_TEST(StorageContract, FunctionsMayShareAVersion) {
  const auto one = version("a", "one");
  ASSERT_TRUE(this->storage().publish(one));
  ASSERT_TRUE(this->storage().publish(version("b", "one")));
  ASSERT_TRUE(this->storage().remove("a"));
  EXPECT_EQ(this->active("b"), one.digest);
  EXPECT_EQ(this->digests("b"), std::vector{one.digest});
}

TYPED_TEST(StorageContract, ActivatesAnOlderVersion) {
  const auto one = version("hello", "one");
  ASSERT_TRUE(this->storage().publish(one));
  ASSERT_TRUE(this->storage().publish(version("hello", "two")));
  ASSERT_TRUE(this->storage().activate("hello", one.digest));
  EXPECT_EQ(this->active("hello"), one.digest);
}

TYPED_TEST(StorageContract, ActivatesOnlyAVersionOfThatFunction) {
  const auto mine = version("mine", "one");
  const auto other = version("other", "two");
  ASSERT_TRUE(this->storage().publish(mine));
  ASSERT_TRUE(this->storage().publish(other));
  for (const auto* function : {"mine", "nobody"}) {
    const Status activated = this->storage().activate(function, other.digest);
    ASSERT_FALSE(activated);
    EXPECT_EQ(activated.error().code, ErrorCode::kUnknownVersion);
  }
  EXPECT_EQ(this->active("mine"), mine.digest);
}

TYPED_TEST(StorageContract, RemovesAFunctionButNotItsBlob) {
  const auto digest = this->storage().put_blob("one").value();
  ASSERT_TRUE(this->storage().publish(version("hello", "one")));
  ASSERT_TRUE(this->storage().remove("hello"));
  EXPECT_TRUE(this->functions().empty());
  EXPECT_TRUE(this->versions("hello").empty());
  EXPECT_EQ(this->storage().read_blob(digest), "one");
}

TYPED_TEST(StorageContract, RemovesOnlyWhatThereIs) {
  const Status removed = this->storage().remove("hello");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::kUnknownFunction);
}

TYPED_TEST(StorageContract, ForgetsVersionsFromBeforeARemoval) {
  const auto two = version("hello", "two");
  ASSERT_TRUE(this->storage().publish(version("hello", "one")));
  ASSERT_TRUE(this->storage().remove("hello"));
  ASSERT_TRUE(this->storage().publish(two));
  EXPECT_EQ(this->active("hello"), two.digest);
  EXPECT_EQ(this->digests("hello"), std::vector{two.digest});
}

TYPED_TEST(StorageContract, ServesSeveralThreads) {
  const auto deploy = [&](int thread) {
    for (int i = 0; i < 3; ++i) {
      const std::string module = fmt::format("module {}", i);  // the same blobs in every thread
      EXPECT_TRUE(this->storage().put_blob(module));
      EXPECT_TRUE(this->storage().publish(version(fmt::format("function-{}", thread), module)));
      EXPECT_EQ(this->storage().read_blob(sha256_hex(module)), module);
    }
  };
  {
    std::jthread one(deploy, 1);
    std::jthread two(deploy, 2);
  }
  EXPECT_EQ(this->functions().size(), 2U);
  EXPECT_EQ(this->digests("function-1").size(), 3U);
}

}  // namespace
}  // namespace mayfly::storage
