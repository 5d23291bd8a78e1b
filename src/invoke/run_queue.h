#pragma once

#include "invoke/fair_queue.h"
#include "net/loop.h"

#include <cstddef>
#include <memory>

namespace mayfly::invoke {

class Invocation;

// The invocations of one loop that can go on, in fair turns behind whatever is ready on its sockets. Who used up his
// last tick comes behind who did not: that is what a guest which burns CPU owes its neighbours. Belongs to the loop.
class RunQueue {
 public:
  explicit RunQueue(net::Loop& loop) : loop_(loop) {}

  // Whether a new invocation may run at once: nobody has been waiting longer, and since the sockets were looked at
  // nobody burnt a tick.
  bool may_run_now() const { return ready_.empty() && !burnt_; }
  void add_new(const Owner& owner, std::weak_ptr<Invocation> invocation);    // it can start
  void add(const Owner& owner, std::weak_ptr<Invocation> invocation);        // it can go on
  void add_spent(const Owner& owner, std::weak_ptr<Invocation> invocation);  // it used up its tick

 private:
  std::size_t size() const { return ready_.size() + spent_.size(); }
  void post();
  void turn();
  std::weak_ptr<Invocation> next();

  net::Loop& loop_;
  FairQueue<std::weak_ptr<Invocation>> ready_;
  FairQueue<std::weak_ptr<Invocation>> spent_;
  std::size_t arrived_ = 0;  // new ones that no turn has made up for
  bool posted_ = false;
  bool burnt_ = false;         // a tick, since the last turn began
  bool spent_is_due_ = false;  // the last tick was burnt by one of the others
};

}  // namespace mayfly::invoke
