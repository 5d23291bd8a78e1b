#pragma once

#include "invoke/fair_queue.h"
#include "net/loop.h"

#include <memory>

namespace mayfly::invoke {

class Invocation;

// The invocations of one loop that can go on, in fair turns. A turn resumes one of them, behind whatever else is ready
// on the loop: that is what a guest which burns CPU owes its neighbours. Belongs to the loop.
class RunQueue {
 public:
  explicit RunQueue(net::Loop& loop) : loop_(loop) {}

  void add(const Owner& owner, std::weak_ptr<Invocation> invocation);
  bool empty() const { return ready_.empty(); }

 private:
  void post();
  void turn();

  net::Loop& loop_;
  FairQueue<std::weak_ptr<Invocation>> ready_;
};

}  // namespace mayfly::invoke
