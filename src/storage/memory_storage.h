#pragma once

#include "base/guarded.h"
#include "storage/storage.h"

#include <map>

namespace mayfly::storage {

// Storage that forgets everything when it ends, for tests of what is above it.
class MemoryStorage final : public Storage {
 public:
  // Storage
  Result<std::string> put_blob(std::string_view bytes) override;
  Result<std::string> read_blob(std::string_view digest) override;
  Result<VersionRecord> publish(const VersionRecord& version) override;
  Status activate(std::string_view function, std::string_view digest) override;
  Status remove(std::string_view function) override;
  Result<std::vector<FunctionRecord>> functions() override;
  Result<std::vector<VersionRecord>> versions(std::string_view function) override;

 private:
  struct Function {
    std::string active;
    std::vector<VersionRecord> versions;  // oldest first
  };
  struct State {
    std::map<std::string, std::string, std::less<>> blobs;   // by digest
    std::map<std::string, Function, std::less<>> functions;  // by name
  };

  Guarded<State> state_;
};

}  // namespace mayfly::storage
