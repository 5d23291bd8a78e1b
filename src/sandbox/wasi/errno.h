#pragma once

#include "sandbox/vfs/result.h"

#include <cstdint>

namespace mayfly::sandbox::wasi {

// WASI preview1 `errno`, those that this host gives by name (wasi_snapshot_preview1.witx).
enum class Errno : std::uint32_t {
  kSuccess = 0,
  kBadf = 8,
  kFault = 21,
  kInval = 28,
  kIo = 29,
  kIsdir = 31,
  kMfile = 33,
  kNametoolong = 37,
  kNotdir = 54,
  kNotsock = 57,
  kNotsup = 58,
  kSpipe = 70,
};

// The number for a POSIX error; kIo for what WASI has no name for.
Errno errno_of(std::errc error);

inline Errno errno_of(const vfs::Try<void>& done) { return done ? Errno::kSuccess : errno_of(done.error()); }

}  // namespace mayfly::sandbox::wasi
