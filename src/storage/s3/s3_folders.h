#pragma once

#include "storage/object_store.h"
#include "storage/s3/s3_objects.h"

#include <memory>

namespace mayfly::storage::s3 {

// Buckets of files within one bucket of an S3 server, below a prefix: buckets/NAME says that there is one, and
// files/NAME/KEY are its files.
class S3Folders final : public ObjectStore {
 public:
  // `client` outlives the store; `objects` are those of the same server.
  S3Folders(const Client& client, std::unique_ptr<S3Objects> objects, Location location)
      : client_(client), objects_(std::move(objects)), location_(std::move(location)) {}

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
  std::string mark_of(std::string_view bucket) const;
  std::string key_of(std::string_view bucket, std::string_view key) const;
  Status check(std::string_view bucket) const;
  Status check(std::string_view bucket, std::string_view key) const;
  Error said(Error error, std::string_view bucket, std::string_view key) const;

  const Client& client_;
  const std::unique_ptr<S3Objects> objects_;
  const Location location_;
};

}  // namespace mayfly::storage::s3
