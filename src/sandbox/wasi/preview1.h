#pragma once

#include "sandbox/host_function.h"
#include "sandbox/wasi/errno.h"

#include <span>

namespace mayfly::sandbox::wasi {

inline constexpr std::string_view kModule = "wasi_snapshot_preview1";

// The 46 functions of WASI preview1. A guest here has standard input, output and error and no file system, so
// every function on a path finds no directory to start from.
std::span<const HostFunction> functions();

// By topic; functions() joins them.
std::span<const HostFunction> process_functions();     // args, environ, proc, sched, random
std::span<const HostFunction> clock_functions();       // clock_*, poll_oneoff
std::span<const HostFunction> descriptor_functions();  // fd_*, sock_*
std::span<const HostFunction> path_functions();        // path_*

}  // namespace mayfly::sandbox::wasi
