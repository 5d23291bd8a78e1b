#include "server/server.h"

#include "server/connection.h"
#include "server/limits.h"

#include <fmt/format.h>
#include <pthread.h>

#include <random>

namespace mayfly::server {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

enum class Sharing { kAlone, kReusePort };

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, Sharing sharing) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && sharing == Sharing::kReusePort) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

// The accepting end of one loop.
struct Server::Listener {
  explicit Listener(LoopContext& of) : context(of), acceptor(of.loop.io()), sweeper(of.loop.io()) {}

  LoopContext& context;
  tcp::acceptor acceptor;
  asio::steady_timer sweeper;
};

Server::Server(ServerOptions options, const Services& services) : options_(std::move(options)) {
  for (unsigned i = 0; i < options_.loops; ++i) {
    loops_.push_back(std::make_unique<LoopContext>(services, options_.limits, random_seed()));
    listeners_.push_back(std::make_unique<Listener>(*loops_.back()));
  }
}

Server::~Server() {
  for (const auto& loop : loops_) loop->loop.stop();
  threads_.clear();  // joins
  for (const auto& loop : loops_) {
    while (!loop->connections.empty()) loop->connections.front()->close();
    // Guests that are left go with what was posted, while the gate that they connect through is still there.
    loop->loop.io().restart();
    loop->loop.io().poll();
  }
}

Result<tcp::endpoint> Server::resolve() const {
  asio::io_context io;
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(options_.listen.host, std::to_string(options_.listen.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return fail(ErrorCode::kBadOption, fmt::format("cannot listen on {}: {}", options_.listen.text(), error.message()));
  }
  return found.begin()->endpoint();
}

Status Server::bind() {
  auto endpoint = resolve();
  if (!endpoint) return fail(endpoint.error());
  const auto refused = [&](const error_code& error) {
    const bool in_use = error == asio::error::address_in_use;
    return fail(in_use ? ErrorCode::kPortInUse : ErrorCode::kBadOption,
                in_use ? fmt::format("another program listens on {}", options_.listen.text())
                       : fmt::format("cannot listen on {}: {}", options_.listen.text(), error.message()));
  };
  if (endpoint->port() != 0) {  // with SO_REUSEPORT alone, a second mayfly would share the port unnoticed
    tcp::acceptor probe(loops_.front()->loop.io());
    if (const error_code error = open(probe, *endpoint, Sharing::kAlone)) return refused(error);
  }
  for (const auto& listener : listeners_) {
    if (const error_code error = open(listener->acceptor, *endpoint, Sharing::kReusePort)) return refused(error);
    error_code ignored;
    listener->acceptor.non_blocking(true, ignored);
    endpoint->port(listener->acceptor.local_endpoint().port());  // found, when it was 0
  }
  port_ = endpoint->port();
  return {};
}

void Server::start() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    Listener& listener = *listeners_[i];
    accept(listener);
    sweep(listener);
    threads_.emplace_back([&listener, i] {
      pthread_setname_np(pthread_self(), fmt::format("loop-{}", i).c_str());
      listener.context.loop.run();
    });
  }
}

void Server::admit(Listener& listener, tcp::socket socket) {
  LoopContext& context = listener.context;
  if (context.connections.size() >= options_.connections) return;  // closed: better than out of descriptors for all
  context.counters.accepted.fetch_add(1, std::memory_order_relaxed);
  context.counters.connections.fetch_add(1, std::memory_order_relaxed);
  auto connection = std::make_shared<Connection>(context, std::move(socket));
  context.connections.push_back(connection);
  connection->start(std::prev(context.connections.end()));
}

// Takes what waits, up to a bound: beside a guest that burns CPU, a turn of the loop is a tick.
void Server::take_waiting(Listener& listener, std::size_t most) {
  error_code error;
  for (std::size_t taken = 0; taken < most; ++taken) {
    tcp::socket socket(listener.context.loop.io());
    listener.acceptor.accept(socket, error);
    if (error) return;
    admit(listener, std::move(socket));
  }
}

void Server::accept(Listener& listener) {
  listener.acceptor.async_accept([this, &listener](const error_code& error, tcp::socket socket) {
    if (!listener.acceptor.is_open()) return;
    LoopContext& context = listener.context;
    if (error) {  // out of descriptors: wait for connections to go instead of spinning
      auto pause = std::make_shared<asio::steady_timer>(context.loop.io(), kSweep);
      pause->async_wait([this, &listener, pause](const error_code&) { accept(listener); });
      return;
    }
    admit(listener, std::move(socket));
    take_waiting(listener, kAcceptBurst);
    accept(listener);
  });
}

void Server::sweep(Listener& listener) {
  listener.sweeper.expires_after(kSweep);
  listener.sweeper.async_wait([this, &listener](const error_code& error) {
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    auto& connections = listener.context.connections;
    for (auto it = connections.begin(); it != connections.end();) (*it++)->check_deadline(now);
    sweep(listener);
  });
}

void Server::drain(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (const auto& listener : listeners_) {
    listener->context.loop.post([this, &listener = *listener] {
      listener.context.draining = true;
      take_waiting(listener, listener.acceptor.max_listen_connections);  // the kernel accepted it for us
      listener.acceptor.close();
      auto& connections = listener.context.connections;
      for (auto it = connections.begin(); it != connections.end();) (*it++)->drain();
    });
  }
  const auto open = [&] {
    std::uint64_t count = 0;
    for (const auto& loop : loops_) count += loop->counters.connections.load(std::memory_order_relaxed);
    return count;
  };
  while (open() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace mayfly::server
