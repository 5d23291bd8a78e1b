#include "sandbox/host/sockets.h"

#include "http/message.h"
#include "net/address.h"

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace mayfly::sandbox {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kBufferBytes = 64 * 1024;  // of a socket, outside the guest's memory

// `*`, or HOST:PORT where either may be `*`; IPv6 in brackets.
bool matches(std::string_view pattern, const net::HostPort& address) {
  if (pattern == "*") return true;
  const auto colon = pattern.rfind(':');
  std::string_view host = pattern.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "*" : pattern.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return (host == "*" || http::equals_ignoring_case(host, address.host)) &&
         (port == "*" || port == std::to_string(address.port));
}

}  // namespace

// One connection, and the one operation that its guest waits for. Handlers share it; once it is closed they change
// nothing and wake nobody.
struct Sockets::Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(Guest& for_guest)
      : guest(for_guest), resolver(for_guest.host().loop().io()), socket(resolver.get_executor()) {}

  enum class Operation { kNone, kRunning, kDone };

  void start() { operation = Operation::kRunning; }
  // Numbers need no resolver, which has one thread for the whole loop.
  void open(const net::HostPort& address) {
    start();
    error_code not_a_number;
    const auto number = asio::ip::make_address(address.host, not_a_number);
    if (!not_a_number) {
      socket.async_connect({number, address.port},
                           [self = shared_from_this()](const error_code& failed) { self->finish(failed, 0); });
      return;
    }
    resolver.async_resolve(address.host, std::to_string(address.port),
                           [self = shared_from_this()](const error_code& failed, const auto& found) {
                             if (self->closed || failed) return self->finish(failed, 0);
                             asio::async_connect(self->socket, found, [self](const error_code& refused, const auto&) {
                               self->finish(refused, 0);
                             });
                           });
  }
  // What every handler ends with.
  void finish(const error_code& why, std::size_t bytes) {
    if (closed) return;
    error = why;
    transferred = bytes;
    operation = Operation::kDone;
    guest.host().wake();
  }
  void close() {
    closed = true;
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
  }

  Guest& guest;
  tcp::resolver resolver;
  tcp::socket socket;
  std::string buffer;
  Operation operation = Operation::kNone;
  error_code error;
  std::size_t transferred = 0;
  bool closed = false;
};

Sockets::~Sockets() {
  if (connecting_) connecting_->close();
  for (const auto& connection : connections_) connection->close();
}

Sockets::Connection* Sockets::find(std::uint32_t descriptor) {
  return descriptor < connections_.size() ? connections_[descriptor].get() : nullptr;
}

bool Sockets::allows(std::string_view address) const {
  const auto* allow = guest_.inputs().tcp_allow;
  const auto parsed = net::parse_host_port(address);
  return allow != nullptr && parsed &&
         std::ranges::any_of(*allow, [&](const std::string& pattern) { return matches(pattern, *parsed); });
}

Hosted<std::int32_t> Sockets::connect(std::string_view address) {
  if (!connecting_) {
    if (!allows(address)) {
      guest_.host().write_log(fmt::format("tcp_connect: {} is not an address this function may connect to\n", address));
      return -1;
    }
    if (connections_.size() >= guest_.limits().sockets) {
      guest_.host().write_log(fmt::format("tcp_connect: all {} sockets are in use\n", guest_.limits().sockets));
      return -1;
    }
    connecting_ = std::make_shared<Connection>(guest_);
    connecting_->open(*net::parse_host_port(address));
  }
  if (connecting_->operation == Connection::Operation::kRunning) return waiting();
  const auto connected = std::move(connecting_);
  connected->operation = Connection::Operation::kNone;
  if (connected->error) return -1;
  error_code ignored;
  connected->socket.set_option(tcp::no_delay(true), ignored);
  connections_.push_back(connected);
  return static_cast<std::int32_t>(connections_.size() - 1);
}

Hosted<std::int64_t> Sockets::read(std::uint32_t descriptor, std::span<std::uint8_t> into) {
  Connection* connection = find(descriptor);
  if (connection == nullptr) return -1;
  if (into.empty()) return 0;
  if (connection->operation == Connection::Operation::kNone) {
    connection->start();
    connection->buffer.resize(std::min(into.size(), kBufferBytes));
    connection->socket.async_read_some(
        asio::buffer(connection->buffer),
        [self = connection->shared_from_this()](const error_code& error, std::size_t n) { self->finish(error, n); });
  }
  if (connection->operation == Connection::Operation::kRunning) return waiting();
  connection->operation = Connection::Operation::kNone;
  if (connection->error == asio::error::eof) return 0;
  if (connection->error) return -1;
  std::copy_n(connection->buffer.begin(), connection->transferred, into.begin());
  return static_cast<std::int64_t>(connection->transferred);
}

// In parts, so that the host holds one buffer of it and not the whole.
Hosted<std::int64_t> Sockets::write(std::uint32_t descriptor, std::string_view bytes) {
  Connection* connection = find(descriptor);
  if (connection == nullptr) return -1;
  if (connection->operation == Connection::Operation::kDone) {
    connection->operation = Connection::Operation::kNone;
    guest_.progress += connection->transferred;
    if (connection->error) {
      guest_.progress = 0;
      return -1;
    }
  }
  if (connection->operation == Connection::Operation::kNone) {
    if (guest_.progress == bytes.size()) return static_cast<std::int64_t>(std::exchange(guest_.progress, 0));
    connection->start();
    connection->buffer = bytes.substr(guest_.progress, kBufferBytes);
    asio::async_write(
        connection->socket, asio::buffer(connection->buffer),
        [self = connection->shared_from_this()](const error_code& error, std::size_t n) { self->finish(error, n); });
  }
  return waiting();
}

}  // namespace mayfly::sandbox
