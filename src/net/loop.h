#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace mayfly::net {

// One event loop, run by one thread: connections and the guests they called live on it from start to end.
// post() may be called from any thread; everything else belongs to the loop's own.
class Loop {
 public:
  // Runs handlers until stop() or until there is nothing left to wait for.
  void run() { io_.run(); }
  void stop() { io_.stop(); }

  // Runs `fn` on the loop, behind what is ready now.
  template <typename Fn>
  void post(Fn fn) {
    boost::asio::post(io_, std::move(fn));
  }

  boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context io_{1};  // one thread runs it
};

}  // namespace mayfly::net
