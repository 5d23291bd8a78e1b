#include "sandbox/vfs/tmp.h"

#include "sandbox/limits.h"
#include "sandbox/vfs/memory_directory.h"

namespace mayfly::sandbox::vfs {

Try<std::unique_ptr<Directory>> Tmp::open_root() const {
  auto tree = std::make_shared<MemoryTree>();
  tree->counted.emplace(bytes_, kMaxTmpEntries);
  auto root = make_node<Folder>(tree->space(), tree->last_inode);
  root->links = 1;
  return std::make_unique<MemoryDirectory>(std::move(tree), std::move(root));
}

}  // namespace mayfly::sandbox::vfs
