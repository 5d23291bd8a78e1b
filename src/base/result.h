#pragma once

#include "base/error.h"

#include <tl/expected.hpp>

namespace mayfly {

// A value, or why there is none. Every function that can fail for a reason outside our code returns one.
template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected(Error{code, std::move(message)});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

}  // namespace mayfly
