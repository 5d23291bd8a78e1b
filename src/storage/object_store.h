#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage {

// A file as it was at one moment.
struct Object {
  std::string bytes;
  std::string etag;  // opaque; another one with every change of the bytes
};

// What a file was at some time.
struct ObjectVersion {
  std::string id;  // opaque
  std::string etag;
  std::uint64_t size = 0;     // bytes
  std::int64_t modified = 0;  // Unix milliseconds; 0 for unknown
  bool is_active = false;     // it is what get() finds
};

// What get() found.
struct Fetched {
  bool is_known = false;  // the file still has the etag that the caller knows: there is nothing in `object`
  Object object;
};

// Files in buckets, as S3 has them: any bytes, under any key. What was answered with success survives a crash, and a
// file that is read is whole. Blocks: never called on a loop. Any thread.
//
// Every call may fail with kBadBucketName or kBadFileName (check_bucket_name, check_key), kUnknownBucket, and with
// kStorage, kStoreAway, kStoreRefused or kStoreDamaged.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // kBucketExists when there is one.
  virtual Status create_bucket(std::string_view bucket) = 0;
  // kBucketNotEmpty when it has files.
  virtual Status remove_bucket(std::string_view bucket) = 0;

  // All keys, in the order of their bytes.
  virtual Result<std::vector<std::string>> list(std::string_view bucket) = 0;
  virtual Status put(std::string_view bucket, std::string_view key, std::string_view bytes) = 0;
  // kUnknownFile when there is none. `known` is the etag of what the caller has, "" for nothing.
  virtual Result<Fetched> get(std::string_view bucket, std::string_view key, std::string_view known) = 0;
  // Success, too, when there is no such file, as S3 has it.
  virtual Status remove(std::string_view bucket, std::string_view key) = 0;

  // Of one file, the latest first: at least what it is now. kUnknownFile when there are none.
  virtual Result<std::vector<ObjectVersion>> versions(std::string_view bucket, std::string_view key) = 0;
  // Puts once more what a file was. kUnknownVersion when there is no such version.
  virtual Status restore(std::string_view bucket, std::string_view key, std::string_view version) = 0;

  // Whether others than this process may change what is kept.
  virtual bool is_shared() const = 0;
};

// The rules of S3, the same in every store.
Status check_bucket_name(std::string_view bucket);
Status check_key(std::string_view key);

// What every store says of what it does not have.
tl::unexpected<Error> unknown_bucket(std::string_view bucket);
tl::unexpected<Error> unknown_file(std::string_view bucket, std::string_view key);
tl::unexpected<Error> bucket_exists(std::string_view bucket);
tl::unexpected<Error> bucket_not_empty(std::string_view bucket);

// Versions in a store that keeps what a file is now, and nothing that it was.
std::vector<ObjectVersion> only_version(const Object& object);
Status restore_only(const Object& object, std::string_view version);

}  // namespace mayfly::storage
