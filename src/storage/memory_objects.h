#pragma once

#include "base/guarded.h"
#include "storage/object_store.h"

#include <map>

namespace mayfly::storage {

// Files that are forgotten at the end, for tests of what is above.
class MemoryObjects final : public ObjectStore {
 public:
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
  using Bucket = std::map<std::string, std::string, std::less<>>;  // bytes by key
  Guarded<std::map<std::string, Bucket, std::less<>>> buckets_;
};

}  // namespace mayfly::storage
