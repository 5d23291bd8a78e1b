#pragma once

#include "storage/data_folder.h"
#include "storage/object_store.h"
#include "storage/s3/cache.h"
#include "storage/s3/client.h"

#include <memory>

namespace mayfly::storage::s3 {

// The buckets and objects of an S3 server themselves, which others use, too. Code that was read is cached in the data
// folder, and read there while the server is away.
class S3Objects final : public ObjectStore {
 public:
  // `files`, `folder` and `client` outlive the store. Asks nothing of the server yet.
  static Result<std::unique_ptr<S3Objects>> open(FileSystem& files, const DataFolder& folder, const Client& client);

  // ObjectStore
  Status create_bucket(std::string_view bucket) override;
  Status remove_bucket(std::string_view bucket) override;
  Result<std::vector<std::string>> list(std::string_view bucket) override;
  Status put(std::string_view bucket, std::string_view key, std::string_view bytes) override;
  Result<Fetched> get(std::string_view bucket, std::string_view key, std::string_view known) override;
  Status remove(std::string_view bucket, std::string_view key) override;
  Result<std::vector<ObjectVersion>> versions(std::string_view bucket, std::string_view key) override;
  Status restore(std::string_view bucket, std::string_view key, std::string_view version) override;
  bool is_shared() const override { return true; }

 private:
  S3Objects(const Client& client, std::unique_ptr<Cache> cache) : client_(client), cache_(std::move(cache)) {}

  Result<Object> read_cached(const Cache::Kept& kept) const;
  void keep(const std::string& name, const Object& object);

  const Client& client_;
  const std::unique_ptr<Cache> cache_;
};

}  // namespace mayfly::storage::s3
