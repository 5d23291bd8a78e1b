#include "sandbox/guest.h"

#include "sandbox/host/experimental_http.h"
#include "sandbox/host/sockets.h"

#include <boost/asio/steady_timer.hpp>

namespace mayfly::sandbox {

class Guest::Sleep {
 public:
  Sleep(net::Loop& loop, GuestHost& host) : timer_(loop.io()), host_(host) {}

  void wake_after(std::chrono::nanoseconds time) {
    timer_.expires_after(time);
    // Weak: an expired timer's handler may already be queued when the guest is cancelled.
    timer_.async_wait([alive = std::weak_ptr(alive_), &host = host_](const boost::system::error_code& error) {
      if (!error && !alive.expired()) host.wake();
    });
  }
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - started_; }

 private:
  std::shared_ptr<void> alive_ = std::make_shared<char>();
  boost::asio::steady_timer timer_;
  GuestHost& host_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

Guest::Guest(const Inputs& inputs, const Limits& limits, GuestHost& host)
    : inputs_(inputs), limits_(limits), host_(host), descriptors_(inputs.mounts, limits.files) {}

Guest::~Guest() = default;

Sockets& Guest::sockets() {
  if (!sockets_) sockets_ = std::make_unique<Sockets>(*this);
  return *sockets_;
}

ExperimentalHttp& Guest::experimental_http() {
  if (!experimental_http_) experimental_http_ = std::make_unique<ExperimentalHttp>(*this);
  return *experimental_http_;
}

void Guest::end_request() {
  if (auto* input = descriptors_.find_as<wasi::StandardInput>(0)) input->position = 0;
  sleep_.reset();
  egress_usage_ = {};
  progress = 0;
  progress_cookie = 0;
}

void Guest::sleep(std::chrono::nanoseconds time) {
  if (!sleep_) sleep_ = std::make_unique<Sleep>(host_.loop(), host_);
  sleep_->wake_after(time);
}

std::chrono::nanoseconds Guest::slept() const { return sleep_ ? sleep_->elapsed() : std::chrono::nanoseconds(0); }

void Guest::end_sleep() { sleep_.reset(); }

void Guest::wait_for_disk(vfs::Syncing syncing) {
  disk_wait_.emplace(std::move(syncing), host_.loop(), [&host = host_] { host.wake(); });
}

}  // namespace mayfly::sandbox
