#pragma once

#include "sandbox/vfs/directory.h"

#include <map>

namespace mayfly::sandbox::vfs {

struct MemoryTree;
struct Node;

// The files that came with a version of a function: read-only, in memory once for all of its invocations.
class Bundle final : public Tree {
 public:
  // By relative path, of plain names; the directories that lead to a file are implied. A path that goes through
  // another file is left out.
  explicit Bundle(std::map<std::string, std::string, std::less<>> files);
  ~Bundle() override;

  Try<std::unique_ptr<Directory>> open_root() const override;

 private:
  std::shared_ptr<MemoryTree> tree_;
  std::shared_ptr<Node> root_;
};

}  // namespace mayfly::sandbox::vfs
