#pragma once

#include "sandbox/vfs/node.h"

namespace mayfly::sandbox::vfs {

// A tree in memory as one invocation holds it: each descriptor keeps it, and nodes are counted against its space.
struct MemoryTree {
  Space* space() { return counted ? &*counted : nullptr; }

  std::optional<Space> counted;  // none: a bundle, read-only
  std::uint64_t last_inode = 1;  // of the root
};

// An open directory of a bundle or of /tmp.
class MemoryDirectory final : public Directory {
 public:
  MemoryDirectory(std::shared_ptr<MemoryTree> tree, std::shared_ptr<Node> node)
      : tree_(std::move(tree)), node_(std::move(node)) {}

  Try<Opened> open(const Path& path, const OpenOptions& options) override;
  Try<Stat> stat() override { return node_->stat(); }
  Try<Stat> stat(const Path& path, Follow follow) override;
  Try<void> set_times(const Times& times) override;
  Try<void> set_times(const Path& path, Follow follow, const Times& times) override;
  Try<void> create_directory(const Path& path) override;
  Try<void> remove_directory(const Path& path) override;
  Try<void> unlink(const Path& path) override;
  Try<void> symlink(std::string_view target, const Path& path) override;
  Try<std::string> read_link(const Path& path) override;
  Try<void> rename(const Path& from, Directory& to_directory, const Path& to) override;
  Try<void> link(const Path& from, Directory& to_directory, const Path& to) override;
  Try<void> list(std::uint64_t cookie, const std::function<bool(const Entry&)>& take) override;
  Try<std::optional<Syncing>> sync() override { return std::nullopt; }

 private:
  Try<Opened> create_file(const struct Place& place);
  bool read_only() const { return !tree_->counted; }

  std::shared_ptr<MemoryTree> tree_;
  std::shared_ptr<Node> node_;  // gone before the space that counts it
};

}  // namespace mayfly::sandbox::vfs
