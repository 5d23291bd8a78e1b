#pragma once

#include "http/message.h"
#include "sandbox/handle.h"

#include <span>
#include <string_view>
#include <vector>

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

// Points into `fields`.
inline std::vector<mayfly_field_t> fields_of(const http::Fields& fields) {
  std::vector<mayfly_field_t> made;
  made.reserve(fields.size());
  for (const auto& [name, value] : fields) made.push_back({bytes_of(name), bytes_of(value)});
  return made;
}

inline http::Fields to_fields(std::span<const mayfly_field_t> fields) {
  http::Fields made;
  made.reserve(fields.size());
  for (const mayfly_field_t& field : fields) made.add(view_of(field.name), view_of(field.value));
  return made;
}

}  // namespace mayfly::sandbox
