#pragma once

#include "base/result.h"
#include "http/limits.h"
#include "net/address.h"
#include "server/dispatcher.h"
#include "server/loop_context.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mayfly::server {

struct ServerOptions {
  net::HostPort listen;
  unsigned loops = 1;                // one thread each
  std::size_t connections = 10'000;  // open at once on one loop
  http::Limits limits;
};

// The front door: one listener and one event loop per core. Made, started, drained and destroyed by main.
class Server {
 public:
  Server(ServerOptions options, const Services& services);
  ~Server();  // stops at once what drain() left

  // Binds the address. kPortInUse when another program has it.
  Status bind();
  // Starts the loops' threads.
  void start();
  // Refuses new connections, answers the requests in flight, and returns when they are done or after `patience`.
  void drain(std::chrono::milliseconds patience);

  std::uint16_t port() const { return port_; }
  const std::vector<std::unique_ptr<LoopContext>>& loops() const { return loops_; }

 private:
  struct Listener;

  Result<boost::asio::ip::tcp::endpoint> resolve() const;
  void accept(Listener& listener);
  void admit(Listener& listener, boost::asio::ip::tcp::socket socket);
  void take_waiting(Listener& listener, std::size_t most);
  void sweep(Listener& listener);

  ServerOptions options_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<LoopContext>> loops_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::jthread> threads_;
};

}  // namespace mayfly::server
