#pragma once

#include "base/unique_fd.h"
#include "storage/file_system.h"

#include <string>

namespace mayfly::storage {

// The folder that a server keeps everything in, locked against other servers while this exists.
//
//   lock        flock(2)ed; holds the pid of the server
//   format      version of this layout
//   records.db  functions and versions (EmbeddedStorage)
//   blobs/      their modules (BlobStore)
//   files.db    buckets and the names of their files (EmbeddedObjects)
//   files/      the bytes of those files (BlobStore)
//   s3/         what was seen of S3 stores, one folder for each (s3/cache.h)
//   wagi/       files of a bindle, put there at each start (compat/wagi/bindle.h)
class DataFolder {
 public:
  // Makes the folder when there is none; its parent exists. `path` stays valid: nobody changes the
  // working directory. kDataInUse, kDataTooNew, kDataNotWritable, or kStorage when it is damaged.
  static Result<DataFolder> open(FileSystem& files, std::string path);

  const std::string& path() const { return path_; }

 private:
  DataFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd lock_;
};

}  // namespace mayfly::storage
