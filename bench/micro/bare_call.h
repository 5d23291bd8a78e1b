#pragma once

#include "guests.h"
#include "sandbox/handle.h"

#include <cstdint>
#include <string>

namespace mayfly::bench {

enum class BareMode : std::uint8_t {
  kPlain,  // on the caller's stack
  kAsync,  // the C API's futures: on a stack of the guest's own, as mayfly's guests are
};

// Calls a guest through Wasmtime's C API and nothing else: a store, an instance, a call. Its WASI functions do the
// least that the guests accept, so what mayfly's own cost is the difference.
class BareCall {
 public:
  BareCall(wasm_engine_t* engine, const Guest& guest, BareMode mode);

  void operator()();

 private:
  using Linker = sandbox::LinkerHandle;
  using Linked = sandbox::Handle<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;

  wasmtime_instance_t instantiate(wasmtime_context_t* context) const;
  std::int32_t call(wasmtime_context_t* context, const wasmtime_func_t& entry) const;  // what it returned, if anything

  wasm_engine_t* engine_;
  const Guest& guest_;
  BareMode mode_;
  bool returns_number_;
  Linker linker_;
  Linked linked_;
  std::string output_;
};

}  // namespace mayfly::bench
