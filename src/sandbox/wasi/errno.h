#pragma once

#include <cstdint>

namespace mayfly::sandbox::wasi {

// WASI preview1 `errno`, those that this host gives (wasi_snapshot_preview1.witx).
enum class Errno : std::uint32_t {
  kSuccess = 0,
  kBadf = 8,
  kFault = 21,
  kInval = 28,
  kIo = 29,
  kNotdir = 54,
  kNotsup = 58,
  kNotsock = 57,
  kSpipe = 70,
};

}  // namespace mayfly::sandbox::wasi
