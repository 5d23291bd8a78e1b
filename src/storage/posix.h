#pragma once

#include "base/result.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace mayfly::storage {

// Repeats a system call for as long as signals interrupt it.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// The failure that errno tells of: "cannot sync /data/blobs: Input/output error".
inline tl::unexpected<Error> posix_failure(std::string_view verb, const std::string& path) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::kStorage, fmt::format("cannot {} {}: {}", verb, path, reason));
}

}  // namespace mayfly::storage
