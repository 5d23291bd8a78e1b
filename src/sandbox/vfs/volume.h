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
  // `syncing` outlives it: threads that wait for its disk.
  static Result<std::shared_ptr<const Volume>> open(const std::string& folder, bool writable, net::Workers& syncing);

  Try<std::unique_ptr<Directory>> open_root() const override;

  bool writable() const { return writable_; }
  net::Workers& syncing() const { return syncing_; }

 private:
  Volume(UniqueFd root, bool writable, net::Workers& syncing)
      : root_(std::move(root)), writable_(writable), syncing_(syncing) {}

  UniqueFd root_;
  bool writable_;
  net::Workers& syncing_;
};

}  // namespace mayfly::sandbox::vfs
