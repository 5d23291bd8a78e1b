#pragma once

#include "sandbox/vfs/directory.h"

#include <cstdint>

namespace mayfly::sandbox::wasi {

// Records and flags of wasi_snapshot_preview1.witx, as they lie in linear memory.

enum Right : std::uint64_t {
  kRightFdDatasync = 1 << 0,
  kRightFdRead = 1 << 1,
  kRightFdSeek = 1 << 2,
  kRightFdSetFlags = 1 << 3,
  kRightFdSync = 1 << 4,
  kRightFdTell = 1 << 5,
  kRightFdWrite = 1 << 6,
  kRightFdAdvise = 1 << 7,
  kRightFdAllocate = 1 << 8,
  kRightPathCreateDirectory = 1 << 9,
  kRightPathCreateFile = 1 << 10,
  kRightPathLinkSource = 1 << 11,
  kRightPathLinkTarget = 1 << 12,
  kRightPathOpen = 1 << 13,
  kRightFdReaddir = 1 << 14,
  kRightPathReadlink = 1 << 15,
  kRightPathRenameSource = 1 << 16,
  kRightPathRenameTarget = 1 << 17,
  kRightPathFilestatGet = 1 << 18,
  kRightPathFilestatSetTimes = 1 << 20,
  kRightFdFilestatGet = 1 << 21,
  kRightFdFilestatSetSize = 1 << 22,
  kRightFdFilestatSetTimes = 1 << 23,
  kRightPathSymlink = 1 << 24,
  kRightPathRemoveDirectory = 1 << 25,
  kRightPathUnlinkFile = 1 << 26,
  kRightPoll = 1 << 27,
};

// What this host lets a guest do with a file, reading and writing apart, and with a directory. A libc asks for these
// before it uses a descriptor.
inline constexpr std::uint64_t kFileRights = kRightFdDatasync | kRightFdSeek | kRightFdSetFlags | kRightFdSync |
                                             kRightFdTell | kRightFdAdvise | kRightFdAllocate | kRightFdFilestatGet |
                                             kRightFdFilestatSetSize | kRightFdFilestatSetTimes | kRightPoll;
inline constexpr std::uint64_t kDirectoryRights =
    kRightPathCreateDirectory | kRightPathCreateFile | kRightPathLinkSource | kRightPathLinkTarget | kRightPathOpen |
    kRightFdReaddir | kRightPathReadlink | kRightPathRenameSource | kRightPathRenameTarget | kRightPathSymlink |
    kRightPathRemoveDirectory | kRightPathUnlinkFile | kRightPathFilestatGet | kRightPathFilestatSetTimes |
    kRightFdFilestatGet | kRightFdFilestatSetTimes;

enum FdFlag : std::uint16_t {
  kFdAppend = 1 << 0,
  kFdDsync = 1 << 1,
  kFdNonblock = 1 << 2,
  kFdRsync = 1 << 3,
  kFdSync = 1 << 4,
};
inline constexpr std::uint32_t kAllFdFlags = 0x1F;

enum OpenFlag : std::uint32_t { kCreate = 1 << 0, kDirectory = 1 << 1, kExclusive = 1 << 2, kTruncate = 1 << 3 };
inline constexpr std::uint32_t kAllOpenFlags = 0xF;

inline constexpr std::uint32_t kLookupSymlinkFollow = 1;

enum TimesFlag : std::uint32_t { kSetAccess = 1, kAccessNow = 2, kSetModify = 4, kModifyNow = 8 };
inline constexpr std::uint32_t kAllTimesFlags = 0xF;

enum Whence : std::uint32_t { kFromStart = 0, kFromCurrent = 1, kFromEnd = 2 };

struct FdStat {
  vfs::FileType type = vfs::FileType::kUnknown;
  std::uint8_t padding = 0;
  std::uint16_t flags = 0;
  std::uint32_t padding2 = 0;
  std::uint64_t rights = 0;
  std::uint64_t inheriting = 0;
};
static_assert(sizeof(FdStat) == 24);

struct FileStat {
  std::uint64_t device = 0, inode = 0;
  vfs::FileType type = vfs::FileType::kUnknown;
  std::uint8_t padding[7] = {};
  std::uint64_t links = 0, size = 0, accessed = 0, modified = 0, changed = 0;
};
static_assert(sizeof(FileStat) == 64);

inline FileStat record_of(const vfs::Stat& stat) {
  return {.device = stat.device,
          .inode = stat.inode,
          .type = stat.type,
          .links = stat.links,
          .size = stat.size,
          .accessed = stat.accessed,
          .modified = stat.modified,
          .changed = stat.changed};
}

struct Dirent {
  std::uint64_t next;  // cookie
  std::uint64_t inode;
  std::uint32_t name_length;
  vfs::FileType type;
  std::uint8_t padding[3] = {};
};
static_assert(sizeof(Dirent) == 24);

struct Prestat {
  std::uint32_t tag = 0;  // a directory
  std::uint32_t name_length;
};

struct Iovec {
  std::uint32_t address;
  std::uint32_t length;
};

}  // namespace mayfly::sandbox::wasi
