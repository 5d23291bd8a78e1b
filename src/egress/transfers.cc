#include "egress/transfers.h"

#include "base/check.h"
#include "egress/limits.h"

#include <boost/asio/posix/stream_descriptor.hpp>

namespace mayfly::egress {

using boost::system::error_code;
using Descriptor = boost::asio::posix::stream_descriptor;

// A socket that libcurl owns and the loop looks at.
struct Transfers::Socket {
  explicit Socket(net::Loop& loop, curl_socket_t socket) : descriptor(loop.io(), socket) {}

  Descriptor descriptor;
  int wanted = 0;   // CURL_POLL_*; 0 once libcurl has taken it back
  int awaited = 0;  // CURL_POLL_*
};

Transfers::Transfers(net::Loop& loop) : loop_(loop), timer_(loop.io()) {
  CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
  multi_ = curl_multi_init();
  CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnections);
}

Transfers::~Transfers() {
  while (!sockets_.empty()) unwatch(sockets_.begin()->first);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  curl_multi_cleanup(multi_);
  curl_global_cleanup();
}

void Transfers::start(CURL* easy, std::function<void(CURLcode)> done) {
  running_.insert_or_assign(easy, std::move(done));
  CHECK(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

void Transfers::cancel(CURL* easy) {
  if (running_.erase(easy) != 0) curl_multi_remove_handle(multi_, easy);
}

int Transfers::on_socket(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
  auto& transfers = *static_cast<Transfers*>(self);
  if (wanted == CURL_POLL_REMOVE) transfers.unwatch(socket);
  else transfers.watch(socket, wanted);
  return 0;
}

// Called inside libcurl, which must not be entered again: a time of 0 goes over the loop, too.
int Transfers::on_timer(CURLM*, long milliseconds, void* self) {
  auto& transfers = *static_cast<Transfers*>(self);
  if (milliseconds < 0) {
    transfers.timer_.cancel();
    return 0;
  }
  const auto act = [&transfers, alive = std::weak_ptr(transfers.alive_)](const error_code& error = {}) {
    if (!error && !alive.expired()) transfers.act(CURL_SOCKET_TIMEOUT, 0);
  };
  if (milliseconds == 0) {
    transfers.timer_.cancel();
    transfers.loop_.post([act] { act(); });
  } else {
    transfers.timer_.expires_after(std::chrono::milliseconds(milliseconds));
    transfers.timer_.async_wait(act);
  }
  return 0;
}

void Transfers::watch(curl_socket_t socket, int wanted) {
  auto& watched = sockets_[socket];
  if (!watched) watched = std::make_shared<Socket>(loop_, socket);
  watched->wanted = wanted;
  arm(watched);
}

void Transfers::unwatch(curl_socket_t socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end()) return;
  found->second->wanted = 0;
  found->second->descriptor.release();  // libcurl closes it
  sockets_.erase(found);
}

void Transfers::arm(const std::shared_ptr<Socket>& socket) {
  for (const int direction : {CURL_POLL_IN, CURL_POLL_OUT}) {
    if ((socket->wanted & direction) != 0 && (socket->awaited & direction) == 0) wait(socket, direction);
  }
}

void Transfers::wait(const std::shared_ptr<Socket>& socket, int direction) {
  socket->awaited |= direction;
  const auto what = direction == CURL_POLL_IN ? Descriptor::wait_read : Descriptor::wait_write;
  socket->descriptor.async_wait(what, [this, weak = std::weak_ptr(socket), direction](const error_code& error) {
    const auto self = weak.lock();
    if (!self) return;
    self->awaited &= ~direction;
    if ((self->wanted & direction) == 0) return;
    const int ready = direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
    act(self->descriptor.native_handle(), error ? CURL_CSELECT_ERR : ready);
    arm(self);
  });
}

void Transfers::act(curl_socket_t socket, int ready) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, ready, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    auto ended = running_.extract(easy);
    curl_multi_remove_handle(multi_, easy);  // `message` is gone with it
    if (!ended.empty()) ended.mapped()(code);
  }
}

}  // namespace mayfly::egress
