#include "sandbox/host/sockets.h"

#include "egress/gate.h"

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

}  // namespace

// One connection, and the one operation that its guest waits for. Handlers share it; once it is closed they change
// nothing and wake nobody.
struct Sockets::Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(Guest& for_guest) : guest(for_guest), socket(for_guest.host().loop().io()) {}

  enum class Operation { kNone, kRunning, kDone };

  void start() { operation = Operation::kRunning; }
  void open(const egress::Destination& to) {
    start();
    search = guest.host().egress().finder().find(
        guest.egress_rules(), to, [this, to](const egress::Reached<std::vector<egress::Address>>& found) {
          if (found) return connect(to, *found);
          guest.egress_usage().refused += found.error().why == egress::Failure::Why::kNotAllowed;
          fail(found.error().message);
        });
  }
  void connect(const egress::Destination& to, const std::vector<egress::Address>& addresses) {
    ++guest.egress_usage().connections;
    std::vector<tcp::endpoint> endpoints;
    for (const egress::Address& address : addresses) endpoints.emplace_back(address, to.port);
    asio::async_connect(socket, endpoints, [self = shared_from_this(), to](const error_code& refused, const auto&) {
      if (self->closed) return;
      if (refused) return self->fail(fmt::format("{}: {}", to.text(), refused.message()));
      self->finish(refused, 0);
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
  void fail(std::string why) {
    failure = std::move(why);
    finish(asio::error::not_connected, 0);
  }
  void close() {
    closed = true;
    search.reset();
    error_code ignored;
    socket.close(ignored);
  }

  Guest& guest;
  std::shared_ptr<void> search;  // for the address
  tcp::socket socket;
  std::string buffer;
  Operation operation = Operation::kNone;
  error_code error;
  std::string failure;  // to connect, for the log
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

Hosted<std::int32_t> Sockets::refuse(std::string_view why) {
  guest_.host().write_log(fmt::format("tcp_connect: {}\n", why));
  return -1;
}

Hosted<std::int32_t> Sockets::connect(std::string_view address) {
  if (!connecting_) {
    const auto destination = egress::parse_tcp_destination(address);
    if (!destination) return refuse(destination.error().message);
    if (connections_.size() >= guest_.limits().sockets) {
      return refuse(fmt::format("all {} sockets are in use", guest_.limits().sockets));
    }
    connecting_ = std::make_shared<Connection>(guest_);
    connecting_->open(*destination);
  }
  if (connecting_->operation == Connection::Operation::kRunning) return waiting();
  const auto connected = std::move(connecting_);
  connected->operation = Connection::Operation::kNone;
  if (connected->error) return refuse(connected->failure);
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
  guest_.egress_usage().bytes_in += connection->transferred;
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
    guest_.egress_usage().bytes_out += connection->transferred;
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
