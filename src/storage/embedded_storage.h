#pragma once

#include "base/guarded.h"
#include "storage/blob_store.h"
#include "storage/data_folder.h"
#include "storage/sqlite.h"
#include "storage/storage.h"

#include <memory>

namespace mayfly::storage {

// Storage in one data folder: blobs as files, records in SQLite.
class EmbeddedStorage final : public Storage {
 public:
  // `files` and `folder` outlive the storage. kDataTooNew when a newer mayfly wrote the records.
  static Result<std::unique_ptr<EmbeddedStorage>> open(FileSystem& files, const DataFolder& folder);

  // Storage
  Result<std::string> put_blob(std::string_view bytes) override;
  Result<std::string> read_blob(std::string_view digest) override;
  Result<VersionRecord> publish(const VersionRecord& version) override;
  Status activate(std::string_view function, std::string_view digest) override;
  Status remove(std::string_view function) override;
  Result<std::vector<FunctionRecord>> functions() override;
  Result<std::vector<VersionRecord>> versions(std::string_view function) override;

 private:
  EmbeddedStorage(std::unique_ptr<BlobStore> blobs, Database records)
      : blobs_(std::move(blobs)), records_(std::move(records)) {}

  const std::unique_ptr<BlobStore> blobs_;
  // Held across the disk on purpose: SQLite has one writer anyway, and no loop ever waits here.
  Guarded<Database> records_;
};

}  // namespace mayfly::storage
