#include "invoke/run_queue.h"

#include "invoke/invocation.h"

namespace mayfly::invoke {

void RunQueue::add(const Owner& owner, std::weak_ptr<Invocation> invocation) {
  const bool idle = ready_.empty();
  ready_.push(owner, std::move(invocation));
  if (idle) post();
}

void RunQueue::post() {
  loop_.post([this] { turn(); });
}

void RunQueue::turn() {
  const auto next = ready_.pop().lock();
  if (!ready_.empty()) post();
  if (next) next->resume();
}

}  // namespace mayfly::invoke
