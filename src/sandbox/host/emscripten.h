#pragma once

#include "sandbox/host_function.h"

#include <span>

namespace mayfly::sandbox::host {

// The `env` functions that programs built by Emscripten with -sSTANDALONE_WASM import beside WASI.
std::span<const HostFunction> emscripten_functions();

}  // namespace mayfly::sandbox::host
