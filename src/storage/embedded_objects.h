#pragma once

#include "base/guarded.h"
#include "storage/blob_store.h"
#include "storage/data_folder.h"
#include "storage/object_store.h"
#include "storage/sqlite.h"

#include <memory>

namespace mayfly::storage {

// Files in the data folder: their bytes as blobs of their own, their names in SQLite. Equal files share a blob, which
// goes with the last of them.
class EmbeddedObjects final : public ObjectStore {
 public:
  // `files` and `folder` outlive the store. kDataTooNew when a newer mayfly wrote the records.
  static Result<std::unique_ptr<EmbeddedObjects>> open(FileSystem& files, const DataFolder& folder);

  // ObjectStore
  Status create_bucket(std::string_view bucket) override;
  Status remove_bucket(std::string_view bucket) override;
  Result<std::vector<std::string>> list(std::string_view bucket) override;
  Status put(std::string_view bucket, std::string_view key, std::string_view bytes) override;
  Result<Fetched> get(std::string_view bucket, std::string_view key, std::string_view known) override;
  Status remove(std::string_view bucket, std::string_view key) override;
  Result<std::vector<ObjectVersion>> versions(std::string_view bucket, std::string_view key) override;
  Status restore(std::string_view bucket, std::string_view key, std::string_view version) override;
  bool is_shared() const override { return false; }

 private:
  EmbeddedObjects(std::unique_ptr<BlobStore> blobs, Database records)
      : blobs_(std::move(blobs)), records_(std::move(records)) {}

  Status replace(Database& records, std::string_view bucket, std::string_view key, std::string_view digest);

  const std::unique_ptr<BlobStore> blobs_;
  // Held across the disk, as in EmbeddedStorage, so that no blob goes while a file begins to use it.
  Guarded<Database> records_;
};

}  // namespace mayfly::storage
