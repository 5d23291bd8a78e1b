#pragma once

#include "sandbox/vfs/directory.h"
#include "sandbox/vfs/space.h"

#include <array>
#include <memory>
#include <vector>

namespace mayfly::sandbox::vfs {

// The content of a file in memory, in pages: growing copies nothing, and what was never written takes no space.
class Pages {
 public:
  explicit Pages(Space& space) : space_(space) {}
  ~Pages() { release_from(0); }
  Pages(const Pages&) = delete;

  std::uint64_t size() const { return size_; }
  std::size_t read(Buffers into, std::uint64_t offset) const;
  // What fits: less than all of it only when the space ends, ENOSPC when nothing does.
  Try<std::size_t> write(Buffers from, std::uint64_t offset);
  Try<void> resize(std::uint64_t size);
  // Gives [offset, offset + length) pages, so that writing there cannot run out of space.
  Try<void> allocate(std::uint64_t offset, std::uint64_t length);

 private:
  static constexpr std::size_t kPage = 4096;
  using Page = std::array<std::uint8_t, kPage>;

  bool reserve(std::uint64_t index);  // the page at `index`, zeroed
  void release_from(std::size_t index);

  Space& space_;
  std::vector<std::unique_ptr<Page>> pages_;  // null: a hole; those at the end are not there
  std::uint64_t size_ = 0;
};

}  // namespace mayfly::sandbox::vfs
