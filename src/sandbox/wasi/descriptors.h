#pragma once

#include "sandbox/vfs/mounts.h"
#include "sandbox/wasi/errno.h"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <variant>

namespace mayfly::sandbox::wasi {

struct StandardInput {
  std::size_t position = 0;  // bytes read
};
struct StandardOutput {};
struct StandardError {};

struct OpenFile {
  std::unique_ptr<vfs::File> file;
  bool readable = false;
  bool writable = false;
  std::uint16_t flags = 0;  // FdFlag
  std::uint64_t position = 0;
};

struct OpenDirectory {
  const vfs::Mount* preopen = nullptr;        // what it is when it was there from the start
  std::unique_ptr<vfs::Directory> directory;  // of a preopen, null until first used
};

struct Closed {};
using Descriptor = std::variant<Closed, StandardInput, StandardOutput, StandardError, OpenFile, OpenDirectory>;

// What the numbers of a guest stand for: the three standard ones, a directory for each mount from 3 on, then what it
// opens. Making one opens nothing and, with a few mounts, allocates nothing.
class Descriptors {
 public:
  // `mounts` outlives this. At most `limit` are open at once, but for those there are at the start.
  Descriptors(std::span<const vfs::Mount> mounts, std::size_t limit);

  // What is open under a number; null when nothing is.
  Descriptor* find(std::uint32_t fd);
  template <typename T>
  T* find_as(std::uint32_t fd) {
    return fd < table_.size() ? std::get_if<T>(&table_[fd]) : nullptr;
  }

  // The file, or kBadf when the number is of nothing, kIsdir of a directory, `on_stream` of a standard one.
  tl::expected<OpenFile*, Errno> file(std::uint32_t fd, Errno on_stream);
  // The directory, or kBadf, or kNotdir of anything else; a mount is opened when it is first needed.
  tl::expected<vfs::Directory*, Errno> directory(std::uint32_t fd);

  std::size_t open() const { return open_; }
  bool full() const { return open_ >= limit_; }
  std::uint32_t add(Descriptor opened);  // when not full(): the lowest number there is
  bool close(std::uint32_t fd);
  bool renumber(std::uint32_t from, std::uint32_t to);

 private:
  static constexpr std::size_t kInline = 7;  // the standard ones, and as many mounts as most functions have

  boost::container::small_vector<Descriptor, kInline> table_;
  std::size_t open_;
  std::size_t limit_;
};

}  // namespace mayfly::sandbox::wasi
