#pragma once

#include "sandbox/host_function.h"
#include "sandbox/wasi/errno.h"
#include "sandbox/wasi/records.h"

#include <span>

namespace mayfly::sandbox::wasi {

inline constexpr std::string_view kModule = "wasi_snapshot_preview1";

// The 46 functions of WASI preview1. Pointers and lengths are checked before anything happens: kFault otherwise.
std::span<const HostFunction> functions();

// By topic; functions() joins them.
std::span<const HostFunction> process_functions();    // args, environ, proc, sched, random
std::span<const HostFunction> clock_functions();      // clock_*
std::span<const HostFunction> poll_functions();       // poll_oneoff
std::span<const HostFunction> io_functions();         // fd_read, fd_write, and at an offset
std::span<const HostFunction> file_functions();       // fd_* about a descriptor
std::span<const HostFunction> directory_functions();  // fd_readdir, fd_prestat_*
std::span<const HostFunction> sync_functions();       // fd_sync, fd_datasync
std::span<const HostFunction> path_functions();       // path_*
std::span<const HostFunction> socket_functions();     // sock_*

}  // namespace mayfly::sandbox::wasi
