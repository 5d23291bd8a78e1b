#pragma once

#include "net/loop.h"
#include "sandbox/program.h"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

struct mayfly_instance_t;

namespace mayfly::sandbox {

struct EngineConfig;

// Gives the invocations of one loop their instances: made anew or, of functions that are called often, put back to how
// they began, byte for byte, after the one request that each has served. That is much cheaper. Belongs to the loop.
class FreshPool {
 public:
  explicit FreshPool(net::Loop& loop) : timer_(loop.io()) {}
  ~FreshPool();

  // An instance in which nothing has run since it was put back, for another invocation to begin in. When there is none,
  // null: one is to be made with `config`, which says now whether to put it back.
  mayfly_instance_t* take(const std::shared_ptr<const Program>& program, EngineConfig& config);
  // From its invocation, which has ended well. Deleted unless it can be used again. As `memory_bytes`, what its
  // configuration had.
  void give_back(const Program& program, std::size_t memory_bytes, mayfly_instance_t* instance);

 private:
  struct Recent {
    std::weak_ptr<const Program> program;
    std::uint64_t calls = 0;   // lately
    std::uint32_t misses = 0;  // instances in a row that could not be put back; forgotten one by one
    bool asked = false;        // the last was to be put back
  };

  // Whether it is one of the few that are called most.
  bool is_often_called(const Recent& recent) const;

  void sweep_later();
  void sweep();

  std::unordered_map<const Program*, Recent> recent_;
  std::uint64_t calls_ = 0;  // of all of them
  boost::asio::steady_timer timer_;
  bool timer_runs_ = false;
  const std::shared_ptr<FreshPool*> alive_ = std::make_shared<FreshPool*>(this);
};

}  // namespace mayfly::sandbox
