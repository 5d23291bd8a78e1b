#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace mayfly {

// `64MiB`, `64MB`, `64M`, `4096`: a whole number of bytes; K, M and G are powers of 1024. kBadOption otherwise.
Result<std::uint64_t> parse_bytes(std::string_view text);

// `500ms`, `30s`, `2m`, `1h`; a bare number is seconds. kBadOption otherwise.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace mayfly
