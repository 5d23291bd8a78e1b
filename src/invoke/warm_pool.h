#pragma once

#include "egress/gate.h"
#include "net/loop.h"
#include "registry/version.h"
#include "sandbox/warm_sandbox.h"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

namespace mayfly::invoke {

// The sandboxes of one loop that serve more than one request, for functions that ask for it (`reuse`). Belongs to the
// loop.
class WarmPool {
 public:
  WarmPool(net::Loop& loop, egress::Gate& egress) : loop_(loop), egress_(egress), timer_(loop.io()) {}
  ~WarmPool();

  // A seat in a sandbox of this version with room, or in a new one. `inputs` and `host` outlive it.
  std::unique_ptr<sandbox::Instance> make_seat(const registry::VersionPtr& version,
                                               const std::shared_ptr<const registry::Version::Loaded>& code,
                                               const sandbox::Inputs& inputs, sandbox::GuestHost& host);

 private:
  struct Kept;
  using Open = std::vector<std::shared_ptr<Kept>>;  // those with room; the last was used last

  std::shared_ptr<Kept> find(const registry::VersionPtr& version, const registry::Version::Loaded& code);
  void take_back(const std::shared_ptr<Kept>& kept);
  void give_up_idle_later();
  void give_up_idle();

  net::Loop& loop_;
  egress::Gate& egress_;
  std::unordered_map<const registry::Version*, Open> open_;
  boost::asio::steady_timer timer_;
  bool timer_runs_ = false;
  const std::shared_ptr<WarmPool*> alive_ = std::make_shared<WarmPool*>(this);
};

}  // namespace mayfly::invoke
