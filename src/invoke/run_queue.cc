#include "invoke/run_queue.h"

#include "invoke/invocation.h"
#include "invoke/limits.h"

#include <chrono>
#include <utility>

namespace mayfly::invoke {

void RunQueue::add(const Owner& owner, std::weak_ptr<Invocation> invocation) {
  ready_.push(owner, std::move(invocation));
  post();
}

void RunQueue::add_spent(const Owner& owner, std::weak_ptr<Invocation> invocation) {
  spent_.push(owner, std::move(invocation));
  burnt_ = true;
  post();
}

// Twice: what is posted once runs before the sockets that the next poll finds ready.
void RunQueue::post() {
  if (std::exchange(posted_, true)) return;
  loop_.post([this] { loop_.post([this] { turn(); }); });
}

// Those who have burnt a tick get every second of the turns that cost one.
std::weak_ptr<Invocation> RunQueue::next() {
  if (ready_.empty() || (spent_is_due_ && !spent_.empty())) {
    spent_is_due_ = false;
    return spent_.pop();
  }
  spent_is_due_ = true;
  return ready_.pop();
}

void RunQueue::turn() {
  const auto until = std::chrono::steady_clock::now() + kTurn;
  burnt_ = false;
  do {
    const bool was_due = spent_is_due_;
    if (const auto invocation = next().lock()) invocation->resume();
    if (!burnt_) spent_is_due_ = was_due;
  } while (!burnt_ && !is_empty() && std::chrono::steady_clock::now() < until);
  posted_ = false;
  if (!is_empty()) post();
}

}  // namespace mayfly::invoke
