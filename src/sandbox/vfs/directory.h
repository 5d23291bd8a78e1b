#pragma once

#include "sandbox/vfs/path.h"
#include "sandbox/vfs/result.h"
#include "sandbox/vfs/syncing.h"

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace mayfly::sandbox::vfs {

// Numbered as WASI preview1 does.
enum class FileType : std::uint8_t {
  kUnknown = 0,
  kBlockDevice = 1,
  kCharacterDevice = 2,
  kDirectory = 3,
  kRegular = 4,
  kSocketDatagram = 5,
  kSocketStream = 6,
  kSymbolicLink = 7,
};

struct Stat {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileType type = FileType::kUnknown;
  std::uint64_t links = 0;
  std::uint64_t size = 0;      // bytes
  std::uint64_t accessed = 0;  // nanoseconds since 1970, as the other two
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;
};

// Times of access and of modification, as utimensat takes them: UTIME_NOW and UTIME_OMIT in tv_nsec.
using Times = std::array<timespec, 2>;

// Parts of a guest's memory, in order.
using Buffers = std::span<const iovec>;

// An open regular file. It has no position: that is the descriptor's.
class File {
 public:
  virtual ~File() = default;
  virtual Try<std::size_t> read(Buffers into, std::uint64_t offset) = 0;  // 0 at the end
  // At the end of the file, whatever it is then, without an offset.
  virtual Try<std::size_t> write(Buffers from, std::optional<std::uint64_t> offset) = 0;
  virtual Try<Stat> stat() = 0;
  virtual Try<void> resize(std::uint64_t size) = 0;
  virtual Try<void> allocate(std::uint64_t offset, std::uint64_t length) = 0;
  virtual Try<void> set_times(const Times& times) = 0;
  virtual Try<void> advise(std::uint64_t offset, std::uint64_t length, int advice) = 0;  // POSIX_FADV_*
  // What is left to wait for until the file is on a disk; nothing when it has none.
  virtual Try<std::optional<Syncing>> sync(Sync what) = 0;
};

struct OpenOptions {
  bool read = false;
  bool write = false;
  bool create = false;
  bool exclusive = false;  // with create: it must not be there
  bool truncate = false;
  bool directory = false;  // it must be one
  bool follow = false;     // a symbolic link at the end of the path
  bool sync = false;       // each write reaches the disk before it returns
  bool data_sync = false;  // as above, of the content alone
};

enum class Follow : bool { kNo, kYes };

struct Entry {
  std::string_view name;
  std::uint64_t inode = 0;
  FileType type = FileType::kUnknown;
  std::uint64_t next = 0;  // the cookie of what follows it
};

class Directory;
using Opened = std::variant<std::unique_ptr<File>, std::unique_ptr<Directory>>;

// An open directory, and all that a guest reaches from it: no path leads above it, by `..` or by a symbolic link
// (EPERM). What is granted read-only answers changes with EROFS. Belongs to one invocation.
class Directory {
 public:
  virtual ~Directory() = default;
  virtual Try<Opened> open(const Path& path, const OpenOptions& options) = 0;
  virtual Try<Stat> stat() = 0;
  virtual Try<Stat> stat(const Path& path, Follow follow) = 0;
  virtual Try<void> set_times(const Times& times) = 0;
  virtual Try<void> set_times(const Path& path, Follow follow, const Times& times) = 0;
  virtual Try<void> create_directory(const Path& path) = 0;
  virtual Try<void> remove_directory(const Path& path) = 0;
  virtual Try<void> unlink(const Path& path) = 0;
  virtual Try<void> symlink(std::string_view target, const Path& path) = 0;
  virtual Try<std::string> read_link(const Path& path) = 0;
  // Within one mount: EXDEV to another.
  virtual Try<void> rename(const Path& from, Directory& to_directory, const Path& to) = 0;
  virtual Try<void> link(const Path& from, Directory& to_directory, const Path& to) = 0;
  // Shows the entries after the one that `cookie` came with (0: from the first, `.`) until `take` has enough and says
  // false. What is added or removed meanwhile may be shown or not; what stays is shown once.
  virtual Try<void> list(std::uint64_t cookie, const std::function<bool(const Entry&)>& take) = 0;
  virtual Try<std::optional<Syncing>> sync() = 0;  // as of a file
};

// What can be mounted. Immutable, shared by the invocations of all loops.
class Tree {
 public:
  virtual ~Tree() = default;
  // Its root, for one invocation. Outlived by the tree.
  virtual Try<std::unique_ptr<Directory>> open_root() const = 0;
};

}  // namespace mayfly::sandbox::vfs
