#include "server/outbox.h"

#include "server/connection.h"
#include "server/limits.h"

#include <utility>

namespace mayfly::server {

using std::chrono::steady_clock;

void Outbox::add(std::shared_ptr<Connection> connection) {
  const auto now = steady_clock::now();
  if (waiting_.empty()) since_ = now;
  waiting_.push_back(std::move(connection));
  if (now - since_ > kSendDelay) return send();
  if (!std::exchange(is_posted_, true))
    loop_.post([this] {
      is_posted_ = false;
      send();
    });
}

void Outbox::send() {
  for (const auto& connection : std::exchange(waiting_, {})) connection->flush();
}

}  // namespace mayfly::server
