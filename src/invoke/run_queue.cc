#include "invoke/run_queue.h"

#include "invoke/invocation.h"
#include "invoke/limits.h"

#include <chrono>
#include <utility>

namespace mayfly::invoke {

void RunQueue::add_new(const Owner& owner, std::weak_ptr<Invocation> invocation) {
  ++arrived_;
  add(owner, std::move(invocation));
}

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

// As many as are new have their turn, or sockets that are busier than guests would leave the guests behind.
void RunQueue::turn() {
  const auto until = std::chrono::steady_clock::now() + kTurn;
  burnt_ = false;
  for (std::size_t left = size(); left > 0 && !burnt_; --left) {
    const bool was_due = spent_is_due_;
    if (const auto invocation = next().lock()) invocation->resume();
    if (!burnt_) spent_is_due_ = was_due;
    if (arrived_ > 0) --arrived_;
    else if (std::chrono::steady_clock::now() >= until) break;
  }
  posted_ = false;
  if (size() > 0) post();
}

}  // namespace mayfly::invoke
