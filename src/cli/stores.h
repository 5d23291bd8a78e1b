#pragma once

#include "storage/data_folder.h"
#include "storage/object_store.h"
#include "storage/s3/client.h"
#include "storage/storage.h"

#include <memory>
#include <string>

namespace mayfly::cli {

// What a server keeps things in.
struct Stores {
  std::unique_ptr<storage::s3::Client> client;  // null without S3
  std::unique_ptr<storage::Storage> functions;
  std::unique_ptr<storage::ObjectStore> files;
  bool serves_buckets = false;  // the buckets are those of the S3 server: `functions/NAME` answers at that path
};

// Opens what `--store` names, "" for the data folder alone; both outlive the stores. The keys for S3 come from the
// environment.
Result<Stores> open_stores(const std::string& url, storage::FileSystem& files, const storage::DataFolder& folder);

}  // namespace mayfly::cli
