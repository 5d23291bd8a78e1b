#pragma once

#include "net/loop.h"

#include <curl/curl.h>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>

namespace mayfly::egress {

// libcurl's transfers on a loop, with one pool of connections: libcurl says which sockets and which time it waits for,
// and is told when they come. Belongs to its loop.
class Transfers {
 public:
  explicit Transfers(net::Loop& loop);
  ~Transfers();  // after every transfer has ended
  Transfers(const Transfers&) = delete;

  // `done` is called once, later, when the transfer has ended by itself; it may start and cancel others.
  void start(CURL* easy, std::function<void(CURLcode)> done);
  // Forgets a transfer; nothing happens when it has ended. Not from a callback of libcurl.
  void cancel(CURL* easy);

 private:
  struct Socket;

  static int on_socket(CURL* easy, curl_socket_t socket, int wanted, void* self, void*);
  static int on_timer(CURLM* multi, long milliseconds, void* self);

  void watch(curl_socket_t socket, int wanted);
  void unwatch(curl_socket_t socket);
  void arm(const std::shared_ptr<Socket>& socket);
  void wait(const std::shared_ptr<Socket>& socket, int direction);
  void act(curl_socket_t socket, int ready);

  net::Loop& loop_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<void> alive_ = std::make_shared<char>();  // what waits on the loop holds it weakly
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::map<CURL*, std::function<void(CURLcode)>> running_;
  CURLM* multi_;
};

}  // namespace mayfly::egress
