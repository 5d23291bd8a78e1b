#pragma once

#include "storage/file_system.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mayfly::storage {

// Files named by the SHA-256 of their bytes: <folder>/ab/cdef... . One that is there is whole;
// writes in progress are in <folder>/incoming. Any thread, one process.
class BlobStore {
 public:
  // Makes the folder when there is none, and removes what interrupted writes left in it. Its own
  // name is durable once the caller has synced the folder above it.
  static Result<std::unique_ptr<BlobStore>> open(FileSystem& files, std::string folder);

  // As Storage::put_blob. What is there already is kept when intact, and replaced when not.
  Result<std::string> put(std::string_view bytes);
  // kStorage, naming the file, when it is missing or its bytes are no longer those that were put.
  Result<std::string> read(std::string_view digest) const;
  // Nobody reads or puts it meanwhile. It may come back after a crash, which is harmless.
  Status remove(std::string_view digest);

 private:
  BlobStore(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  Result<std::string> path_of(std::string_view digest) const;
  std::string incoming() const { return folder_ + "/incoming"; }

  FileSystem& files_;
  const std::string folder_;
  std::atomic<std::uint64_t> puts_ = 0;  // names the temporary files
};

}  // namespace mayfly::storage
