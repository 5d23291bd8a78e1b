#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/vfs/directory.h"

#include <string>

namespace mayfly::sandbox::vfs {

// A folder of the host that the operator granted. It stays the folder that was opened, whatever becomes of its name.
class Volume final : public Tree {
 public:
  // kVolume when it cannot be opened, or the kernel has no openat2 to hold guests inside it.
  static Result<std::shared_ptr<const Volume>> open(const std::string& folder, bool writable);

  Try<std::unique_ptr<Directory>> open_root() const override;

  bool writable() const { return writable_; }

 private:
  Volume(UniqueFd root, bool writable) : root_(std::move(root)), writable_(writable) {}

  UniqueFd root_;
  bool writable_;
};

}  // namespace mayfly::sandbox::vfs
