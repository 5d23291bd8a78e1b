#pragma once

#include "sandbox/vfs/directory.h"
#include "sandbox/wasi/records.h"

#include <sys/stat.h>

#include <optional>

namespace mayfly::sandbox::wasi {

// The times that fd_filestat_set_times and path_filestat_set_times ask for, in nanoseconds since 1970; nullopt when
// their flags contradict each other.
inline std::optional<vfs::Times> times_of(std::uint64_t access, std::uint64_t modify, std::uint32_t flags) {
  const auto time = [flags](std::uint64_t value, std::uint32_t set, std::uint32_t now) -> timespec {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    if ((flags & now) != 0) return {0, UTIME_NOW};
    if ((flags & set) == 0) return {0, UTIME_OMIT};
    return {static_cast<time_t>(value / kSecond), static_cast<long>(value % kSecond)};
  };
  const auto both = [flags](std::uint32_t pair) { return (flags & pair) == pair; };
  if (flags > kAllTimesFlags || both(kSetAccess | kAccessNow) || both(kSetModify | kModifyNow)) return std::nullopt;
  return vfs::Times{time(access, kSetAccess, kAccessNow), time(modify, kSetModify, kModifyNow)};
}

}  // namespace mayfly::sandbox::wasi
