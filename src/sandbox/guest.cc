#include "sandbox/guest.h"

#include "sandbox/host/sockets.h"

#include <boost/asio/steady_timer.hpp>

namespace mayfly::sandbox {

class Guest::Sleep {
 public:
  Sleep(net::Loop& loop, GuestHost& host, std::chrono::nanoseconds time) : timer_(loop.io(), time) {
    // Weak: an expired timer's handler may already be queued when the guest is cancelled.
    timer_.async_wait([over = std::weak_ptr(over_), &host](const boost::system::error_code&) {
      if (const auto alive = over.lock()) {
        *alive = true;
        host.wake();
      }
    });
  }
  bool over() const { return *over_; }

 private:
  std::shared_ptr<bool> over_ = std::make_shared<bool>(false);
  boost::asio::steady_timer timer_;
};

Guest::Guest(const Inputs& inputs, const Limits& limits, GuestHost& host)
    : inputs_(inputs), limits_(limits), host_(host) {}

Guest::~Guest() = default;

Sockets& Guest::sockets() {
  if (!sockets_) sockets_ = std::make_unique<Sockets>(*this);
  return *sockets_;
}

bool Guest::sleep(std::chrono::nanoseconds time) {
  if (!sleep_) sleep_ = std::make_unique<Sleep>(host_.loop(), host_, time);
  if (!sleep_->over()) return false;
  sleep_.reset();
  return true;
}

void Guest::end_sleep() { sleep_.reset(); }

}  // namespace mayfly::sandbox
