#pragma once

#include "sandbox/vfs/directory.h"

#include <cstddef>

namespace mayfly::sandbox::vfs {

// A directory in memory that each invocation finds empty, and that is gone with it. Nothing is made for one that
// does not open it.
class Tmp final : public Tree {
 public:
  explicit Tmp(std::size_t bytes) : bytes_(bytes) {}  // of content, names and entries together

  Try<std::unique_ptr<Directory>> open_root() const override;

 private:
  std::size_t bytes_;
};

}  // namespace mayfly::sandbox::vfs
