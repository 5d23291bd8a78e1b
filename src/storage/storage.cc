#include "storage/storage.h"

#include <fmt/format.h>

namespace mayfly::storage {

tl::unexpected<Error> unknown_function(std::string_view function) {
  return fail(ErrorCode::kUnknownFunction, fmt::format("there is no function '{}'", function));
}

tl::unexpected<Error> unknown_version(std::string_view function, std::string_view digest) {
  return fail(ErrorCode::kUnknownVersion, fmt::format("function '{}' has no version {}", function, digest));
}

}  // namespace mayfly::storage
