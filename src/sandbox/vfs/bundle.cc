#include "sandbox/vfs/bundle.h"

#include "sandbox/vfs/memory_directory.h"

namespace mayfly::sandbox::vfs {
namespace {

// The directory of this name, made when it is not there; null when the name is a file's.
Node* enter(MemoryTree& tree, Node& folder, std::string_view name) {
  if (const auto* found = folder.folder()->find(name)) return (*found)->folder() == nullptr ? nullptr : found->get();
  auto made = make_node<Folder>(nullptr, ++tree.last_inode);
  Node* entered = made.get();
  return attach(folder, name, std::move(made)) ? entered : nullptr;
}

void add_file(MemoryTree& tree, Node& root, std::string_view path, std::string content) {
  Node* folder = &root;
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    folder = enter(tree, *folder, path.substr(0, slash));
    if (folder == nullptr) return;
    path.remove_prefix(slash + 1);
  }
  if (folder->folder()->find(path) != nullptr) return;
  static_cast<void>(attach(*folder, path, make_node<std::string>(nullptr, ++tree.last_inode, std::move(content))));
}

}  // namespace

Bundle::Bundle(std::map<std::string, std::string, std::less<>> files)
    : tree_(std::make_shared<MemoryTree>()), root_(make_node<Folder>(nullptr, tree_->last_inode)) {
  root_->links = 1;
  for (auto& [path, content] : files) add_file(*tree_, *root_, path, std::move(content));
}

Bundle::~Bundle() = default;

Try<std::unique_ptr<Directory>> Bundle::open_root() const { return std::make_unique<MemoryDirectory>(tree_, root_); }

}  // namespace mayfly::sandbox::vfs
