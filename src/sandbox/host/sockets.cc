#include "sandbox/host/sockets.h"

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

constexpr std::size_t kReadBytes = 64 * 1024;  // one tcp_read; a guest asks again for more

bool matches(std::string_view pattern, const net::HostPort& address) {
  if (pattern == "*") return true;
  const auto colon = pattern.rfind(':');
  const std::string_view host = pattern.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "*" : pattern.substr(colon + 1);
  return (host == "*" || host == address.host) && (port == "*" || port == std::to_string(address.port));
}

}  // namespace

// One connection, and the one operation that its guest waits for. Handlers share it; once it is closed they change
// nothing and wake nobody.
struct Sockets::Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(Guest& for_guest)
      : guest(for_guest), resolver(for_guest.host().loop().io()), socket(resolver.get_executor()) {}

  enum class Operation { kNone, kRunning, kDone };

  void start() { operation = Operation::kRunning; }
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
    connecting_->start();
    const auto where = net::parse_host_port(address);
    connecting_->resolver.async_resolve(
        where->host, std::to_string(where->port),
        [self = connecting_](const error_code& error, const tcp::resolver::results_type& found) {
          if (self->closed || error) return self->finish(error, 0);
          asio::async_connect(self->socket, found,
                              [self](const error_code& failed, const tcp::endpoint&) { self->finish(failed, 0); });
        });
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
    connection->buffer.resize(std::min(into.size(), kReadBytes));
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

Hosted<std::int64_t> Sockets::write(std::uint32_t descriptor, std::string_view bytes) {
  Connection* connection = find(descriptor);
  if (connection == nullptr) return -1;
  if (connection->operation == Connection::Operation::kNone) {
    connection->start();
    connection->buffer = bytes;
    asio::async_write(
        connection->socket, asio::buffer(connection->buffer),
        [self = connection->shared_from_this()](const error_code& error, std::size_t n) { self->finish(error, n); });
  }
  if (connection->operation == Connection::Operation::kRunning) return waiting();
  connection->operation = Connection::Operation::kNone;
  return connection->error ? -1 : static_cast<std::int64_t>(connection->transferred);
}

}  // namespace mayfly::sandbox
