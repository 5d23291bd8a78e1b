#pragma once

#include "sandbox/vfs/memory_directory.h"

namespace mayfly::sandbox::vfs {

// An open file of a bundle or of /tmp.
class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryTree> tree, std::shared_ptr<Node> node)
      : tree_(std::move(tree)), node_(std::move(node)) {}

  Try<std::size_t> read(Buffers into, std::uint64_t offset) override;
  Try<std::size_t> write(Buffers from, std::optional<std::uint64_t> offset) override;
  Try<Stat> stat() override { return node_->stat(); }
  Try<void> resize(std::uint64_t size) override;
  Try<void> allocate(std::uint64_t offset, std::uint64_t length) override;
  Try<void> set_times(const Times& times) override;
  Try<void> advise(std::uint64_t, std::uint64_t, int) override { return {}; }
  Try<std::optional<Syncing>> sync(Sync) override { return std::nullopt; }

 private:
  Try<Pages*> changeable();  // EROFS in a bundle

  std::shared_ptr<MemoryTree> tree_;
  std::shared_ptr<Node> node_;  // gone before the space that counts it
};

}  // namespace mayfly::sandbox::vfs
