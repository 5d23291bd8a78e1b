#pragma once

#include "sandbox/handle.h"

#include <string_view>

namespace mayfly::sandbox {

// What the engine is to call for a component's network: its type stays out of headers.
struct EngineNetwork {
  mayfly_outside_t raw;
};

// As above, for its files.
struct EngineFiles {
  mayfly_files_t raw;
};

// An HTTP request, as the engine takes it.
struct EngineRequest {
  mayfly_request_t raw;
};

// Text on its way to the engine and back; nobody owns it.
inline mayfly_bytes_t bytes_of(std::string_view text) { return {as_bytes(text), text.size()}; }

inline std::string_view view_of(mayfly_bytes_t bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.length};
}

}  // namespace mayfly::sandbox
