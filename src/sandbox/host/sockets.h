#pragma once

#include "sandbox/host_function.h"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sandbox {

// The outgoing TCP connections of one guest, for `tcp_connect`, `tcp_read` and `tcp_write` of seeds 001 and 004. All
// waiting is on the loop. A connection is closed with its guest; a handler that comes late finds it closed.
class Sockets {
 public:
  explicit Sockets(Guest& guest) : guest_(guest) {}
  ~Sockets();

  // `address` is HOST:PORT. Returns the descriptor, or -1 when it is not allowed or cannot be reached.
  Hosted<std::int32_t> connect(std::string_view address);
  // Returns the bytes read, 0 at the end, -1 on an error or a bad descriptor.
  Hosted<std::int64_t> read(std::uint32_t descriptor, std::span<std::uint8_t> into);
  // Writes everything. Returns the bytes written, or -1.
  Hosted<std::int64_t> write(std::uint32_t descriptor, std::string_view bytes);

 private:
  struct Connection;

  Connection* find(std::uint32_t descriptor);
  Hosted<std::int32_t> refuse(std::string_view why);  // says so in the log

  Guest& guest_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::shared_ptr<Connection> connecting_;
};

}  // namespace mayfly::sandbox
