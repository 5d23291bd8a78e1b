#pragma once

#include "sandbox/host_function.h"

#include <span>

namespace mayfly::sandbox::host {

// The `env` functions of seeds 001 and 004: log, response_set_*, tcp_*, db_get. Pointers are 32 bits wide, lengths 64.
std::span<const HostFunction> handle_functions();

}  // namespace mayfly::sandbox::host
