#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage {

// One immutable version of a function, as it is kept.
struct VersionRecord {
  std::string function;      // name
  std::string digest;        // its identity: "sha256:" + 64 hex digits of artefact and manifest
  std::string artefact;      // 64 hex digits: the blob that holds the module
  std::string manifest;      // JSON: kind, entry, environment, limits
  std::uint64_t size = 0;    // bytes of the artefact
  std::int64_t created = 0;  // Unix milliseconds
};

// What a function is now: its name and which of its versions answers.
struct FunctionRecord {
  std::string name;
  std::string active;  // digest of a version
};

// Where functions are kept. Everything answered with success survives a crash; nothing half-done is
// visible. Blocks on the disk: never called on a loop. Any thread.
class Storage {
 public:
  virtual ~Storage() = default;

  // Keeps bytes under their SHA-256 and returns its 64 hex digits.
  virtual Result<std::string> put_blob(std::string_view bytes) = 0;
  virtual Result<std::string> read_blob(std::string_view digest) = 0;

  // Records a version, if it is new, and makes it the active one of its function, in one step. Its blob was put before.
  // Returns it as it is kept: a version that was recorded before keeps the time of its making, and is now the newest.
  virtual Result<VersionRecord> publish(const VersionRecord& version) = 0;
  // Makes a recorded version the active one. kUnknownVersion when there is none of that digest.
  virtual Status activate(std::string_view function, std::string_view digest) = 0;
  // Forgets a function and its versions; its blobs stay. kUnknownFunction when there is none.
  virtual Status remove(std::string_view function) = 0;

  // By name.
  virtual Result<std::vector<FunctionRecord>> functions() = 0;
  // The one published last first; none when there is no such function.
  virtual Result<std::vector<VersionRecord>> versions(std::string_view function) = 0;
};

// What every Storage says of what it does not have.
tl::unexpected<Error> unknown_function(std::string_view function);
tl::unexpected<Error> unknown_version(std::string_view function, std::string_view digest);

}  // namespace mayfly::storage
