// sock_*: no descriptor of a guest is a socket.

#include "sandbox/wasi/preview1.h"

#include <array>

namespace mayfly::sandbox::wasi {
namespace {

template <typename... Args>
Hosted<Errno> not_a_socket(Guest& guest, std::uint32_t fd, Args...) {
  return guest.descriptors().find(fd) == nullptr ? Errno::kBadf : Errno::kNotsock;
}

using U32 = std::uint32_t;

constexpr std::array kFunctions = {
    host_function<not_a_socket<U32, U32>>(kModule, "sock_accept"),
    host_function<not_a_socket<U32, U32, U32, U32, U32>>(kModule, "sock_recv"),
    host_function<not_a_socket<U32, U32, U32, U32>>(kModule, "sock_send"),
    host_function<not_a_socket<U32>>(kModule, "sock_shutdown"),
};

}  // namespace

std::span<const HostFunction> socket_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
