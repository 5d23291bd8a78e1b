#pragma once

#include "egress/gate.h"
#include "net/loop.h"
#include "sandbox/guest.h"
#include "sandbox/instance.h"

#include <functional>
#include <memory>

namespace mayfly::sandbox {

// A sandbox that serves several requests, for a function that asks for it. Between requests nothing of it runs. Belongs
// to one loop; away from that only while its one invocation is.
class WarmSandbox {
 public:
  // What is given outlives it. `left` is called when an invocation in it has gone.
  struct Surroundings {
    net::Loop& loop;
    egress::Gate& egress;
    std::function<void()> left;
  };
  virtual ~WarmSandbox() = default;

  // Whether it takes one more request now.
  virtual bool has_room() const = 0;
  virtual bool is_empty() const = 0;
  // Whether it takes no more requests, ever: it has served as many as it may, or one of them ended badly.
  virtual bool is_done() const = 0;

  // An invocation in `sandbox`, which has room. What is given outlives it.
  virtual std::unique_ptr<Instance> enter(std::shared_ptr<WarmSandbox> sandbox, const Inputs& inputs,
                                          GuestHost& host) = 0;
};

}  // namespace mayfly::sandbox
