// path_*: every path starts from a directory descriptor, and a guest has none.

#include "sandbox/wasi/preview1.h"

#include <array>

namespace mayfly::sandbox::wasi {
namespace {

Errno no_directory(const Guest& guest, std::uint32_t fd) {
  return fd < guest.open.size() && guest.open[fd] ? Errno::kNotdir : Errno::kBadf;
}

template <typename... Args>
Hosted<Errno> from_directory(Guest& guest, std::uint32_t fd, Args...) {
  return no_directory(guest, fd);
}

// path_symlink names the link's text first.
Hosted<Errno> path_symlink(Guest& guest, std::uint32_t, std::uint32_t, std::uint32_t fd, std::uint32_t, std::uint32_t) {
  return no_directory(guest, fd);
}

using U32 = std::uint32_t;
using U64 = std::uint64_t;

constexpr std::array kFunctions = {
    host_function<from_directory<U32, U32>>(kModule, "path_create_directory"),
    host_function<from_directory<U32, U32, U32, U32>>(kModule, "path_filestat_get"),
    host_function<from_directory<U32, U32, U32, U64, U64, U32>>(kModule, "path_filestat_set_times"),
    host_function<from_directory<U32, U32, U32, U32, U32, U32>>(kModule, "path_link"),
    host_function<from_directory<U32, U32, U32, U32, U64, U64, U32, U32>>(kModule, "path_open"),
    host_function<from_directory<U32, U32, U32, U32, U32>>(kModule, "path_readlink"),
    host_function<from_directory<U32, U32>>(kModule, "path_remove_directory"),
    host_function<from_directory<U32, U32, U32, U32, U32>>(kModule, "path_rename"),
    host_function<path_symlink>(kModule, "path_symlink"),
    host_function<from_directory<U32, U32>>(kModule, "path_unlink_file"),
};

}  // namespace

std::span<const HostFunction> path_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
