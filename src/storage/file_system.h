#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage {

// A file just written and still open: its own descriptor is the one sure to report a lost write.
struct WrittenFile {
  UniqueFd fd;
  std::string path;
};

// The disk operations that durability rests on: the seam where tests watch, fail and interrupt
// them. Failures are kStorage and name the operation, the path and the reason. Blocks; any thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Mode 0700. Success, too, when it exists.
  virtual Status make_folder(const std::string& path) = 0;
  // Mode 0600. Replaces what was there; what a failure leaves is anything.
  virtual Result<WrittenFile> write_file(const std::string& path, std::string_view bytes) = 0;
  virtual Status sync_file(const WrittenFile& file) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Makes the names in a folder durable: of what was made in it or renamed into it.
  virtual Status sync_folder(const std::string& path) = 0;
  // Nothing when there is no such file.
  virtual Result<std::optional<std::string>> read_file(const std::string& path) = 0;
  virtual Status remove_file(const std::string& path) = 0;
  // Names, in any order, without "." and "..".
  virtual Result<std::vector<std::string>> list_folder(const std::string& path) = 0;
};

class PosixFileSystem final : public FileSystem {
 public:
  // FileSystem
  Status make_folder(const std::string& path) override;
  Result<WrittenFile> write_file(const std::string& path, std::string_view bytes) override;
  Status sync_file(const WrittenFile& file) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_folder(const std::string& path) override;
  Result<std::optional<std::string>> read_file(const std::string& path) override;
  Status remove_file(const std::string& path) override;
  Result<std::vector<std::string>> list_folder(const std::string& path) override;
};

// After success `folder`/`name` has these bytes, whatever happens; until then it has what it had
// before. `temporary` is on the same disk and nobody else's.
Status write_durably(FileSystem& files, const std::string& temporary, const std::string& folder,
                     const std::string& name, std::string_view bytes);

}  // namespace mayfly::storage
