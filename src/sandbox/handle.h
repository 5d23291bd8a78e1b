#pragma once

#include <mayfly_engine.h>
#include <wasmtime.h>

#include <memory>
#include <string>
#include <string_view>

namespace mayfly::sandbox {

// Owns an object of a C API; its deleter is part of the type.
template <auto Delete>
struct Deleter {
  void operator()(auto* object) const { Delete(object); }
};
template <typename T, auto Delete>
using Handle = std::unique_ptr<T, Deleter<Delete>>;

using ModuleHandle = Handle<wasmtime_module_t, wasmtime_module_delete>;
using LinkerHandle = Handle<wasmtime_linker_t, wasmtime_linker_delete>;
using ErrorHandle = Handle<wasmtime_error_t, wasmtime_error_delete>;

// A byte vector of the C API, owned.
struct Bytes : wasm_byte_vec_t {
  Bytes() { wasm_byte_vec_new_empty(this); }
  explicit Bytes(wasm_byte_vec_t taken) : wasm_byte_vec_t(taken) {}
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { wasm_byte_vec_delete(this); }

  std::string_view view() const { return {data, size}; }
};

// How an instance ended; the bytes are to be given back.
struct EngineOutcome {
  mayfly_outcome_t raw;
};

// What the engine is told of an instance: its type stays out of headers.
struct EngineConfig {
  mayfly_instance_config_t raw;
};

inline const std::uint8_t* as_bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// The message of an engine error, which is consumed.
inline std::string message_of(wasmtime_error_t* error) {
  const ErrorHandle owned(error);
  Bytes text;
  wasmtime_error_message(error, &text);
  return std::string(text.view());
}

}  // namespace mayfly::sandbox
