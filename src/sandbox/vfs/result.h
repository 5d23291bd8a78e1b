#pragma once

#include <tl/expected.hpp>

#include <system_error>

namespace mayfly::sandbox::vfs {

// A value, or the POSIX error of why there is none: what a guest's libc knows.
template <typename T>
using Try = tl::expected<T, std::errc>;

inline tl::unexpected<std::errc> failed(int number) { return tl::unexpected(static_cast<std::errc>(number)); }

}  // namespace mayfly::sandbox::vfs
