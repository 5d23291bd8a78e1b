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
  if (waiting_.empty()) return;
  auto sent = std::exchange(waiting_, {});  // a flush may add what it has made room for
  for (const auto& connection : sent) connection->flush();
  // What is ready by now comes first: until it is answered, most of these clients have sent their next request, and
  // the read that would have found nothing is saved.
  loop_.post([sent = std::move(sent)] {
    for (const auto& connection : sent) connection->read_on();
  });
}

}  // namespace mayfly::server
