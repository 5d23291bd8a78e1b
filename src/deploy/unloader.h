#pragma once

#include "registry/registry.h"
#include "sandbox/engine.h"

#include <atomic>
#include <cstdint>

namespace mayfly::deploy {

// Keeps the modules in memory to as many as the machine has room for: deployed functions that nobody calls give way,
// and are loaded from the cache when they are called again. Any thread but a loop's: unmapping takes its time.
class Unloader {
 public:
  // What is given outlives it.
  Unloader(sandbox::Engine& engine, registry::Registry& registry) : engine_(engine), registry_(registry) {}

  // Before a program is loaded. Those called longest ago go first; what runs stays, so there may be too many for a
  // while.
  void make_room();
  // After the system has refused memory for one, though there are not too many.
  void make_more_room();

  // Versions, since the start.
  std::uint64_t unloaded() const { return unloaded_.load(std::memory_order_relaxed); }

 private:
  void unload_until(std::uint32_t left);
  std::uint32_t share() const;

  sandbox::Engine& engine_;
  registry::Registry& registry_;
  std::atomic<std::uint64_t> unloaded_ = 0;
};

}  // namespace mayfly::deploy
