#pragma once

#include "sandbox/host_function.h"

#include <span>

namespace mayfly::sandbox::host {

// What every AssemblyScript module imports from `env` unless it is built with the WASI shim: abort.
std::span<const HostFunction> assemblyscript_functions();

}  // namespace mayfly::sandbox::host
