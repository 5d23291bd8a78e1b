#pragma once

#include "base/guarded.h"
#include "storage/blob_store.h"
#include "storage/sqlite.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage::s3 {

// What a server has seen of a store, in its data folder: blobs, and texts by name with the etag they had. What is read
// is whole: a damaged blob is an error. Any thread.
class Cache {
 public:
  // Makes the folder when there is none; what is above it is there.
  static Result<std::unique_ptr<Cache>> open(FileSystem& files, const std::string& folder);

  Result<std::string> put_blob(std::string_view bytes) { return blobs_->put(bytes); }
  Result<std::string> read_blob(std::string_view digest) const { return blobs_->read(digest); }

  struct Kept {
    std::string name;
    std::string etag;
    std::string text;
  };
  Result<std::optional<Kept>> find(std::string_view name);
  // By name.
  Result<std::vector<Kept>> all();
  Status keep(const Kept& kept);
  Status forget(std::string_view name);
  // Forgets those kept longest ago until `most` are left, and the blobs that their texts are the digests of.
  Status shrink(std::int64_t most);

 private:
  Cache(std::unique_ptr<BlobStore> blobs, Database records) : blobs_(std::move(blobs)), records_(std::move(records)) {}

  const std::unique_ptr<BlobStore> blobs_;
  Guarded<Database> records_;
};

}  // namespace mayfly::storage::s3
