#pragma once

#include <cstddef>

namespace mayfly::compat::wagi {

// These are an operator's own files: the bounds only turn an accident into an error that says so.
inline constexpr std::size_t kMaxModules = 10'000;        // of a modules.toml; also parcels of an invoice
inline constexpr std::size_t kMaxRoutes = 1'000;          // printed by one `_routes`
inline constexpr std::size_t kMaxRoutesText = 256 << 10;  // bytes of its output

}  // namespace mayfly::compat::wagi
