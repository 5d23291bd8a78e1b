#pragma once

#include "storage/data_folder.h"
#include "storage/s3/cache.h"
#include "storage/s3/client.h"
#include "storage/s3/document.h"
#include "storage/storage.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace mayfly::storage::s3 {

// Storage in a bucket: blobs/DIGEST for modules and functions/NAME.json for functions, below a prefix. A function is
// written on the condition that nobody else wrote it meanwhile. What was read or written is cached in the data folder:
// while the bucket is away, that is read, and whatever would change the bucket is kStoreAway.
class S3Storage final : public Storage {
 public:
  // `files`, `folder` and `client` outlive the storage. kStoreAway when the bucket is away and was never seen from this
  // data folder; kStoreRefused or kUnknownBucket when it is not ours to use.
  static Result<std::unique_ptr<S3Storage>> open(FileSystem& files, const DataFolder& folder, const Client& client,
                                                 Location location);

  // Storage
  Result<std::string> put_blob(std::string_view bytes) override;
  Result<std::string> read_blob(std::string_view digest) override;
  Result<VersionRecord> publish(const VersionRecord& version) override;
  Status activate(std::string_view function, std::string_view digest) override;
  Status remove(std::string_view function) override;
  Result<std::vector<FunctionRecord>> functions() override;
  Result<std::vector<VersionRecord>> versions(std::string_view function) override;

 private:
  using Clock = std::chrono::steady_clock;

  S3Storage(const Client& client, Location location, std::unique_ptr<Cache> cache)
      : client_(client), location_(std::move(location)), cache_(std::move(cache)) {}

  Status check_bucket();
  std::string key_of(std::string_view function) const;
  Result<std::optional<Cache::Kept>> fetch(std::string_view function);
  Result<std::optional<Cache::Kept>> look_up(std::string_view function);
  Status update(std::string_view function, const std::function<Status(Document&)>& edit);
  Result<std::vector<Cache::Kept>> fetch_all();
  void keep(const Cache::Kept& kept);
  void confirm(const std::string& function);

  const Client& client_;
  const Location location_;
  const std::unique_ptr<Cache> cache_;
  Guarded<std::map<std::string, Clock::time_point, std::less<>>> confirmed_;  // when a record was last asked for
};

}  // namespace mayfly::storage::s3
