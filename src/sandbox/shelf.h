#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

struct mayfly_instance_t;

namespace mayfly::sandbox {

class Engine;
class FreshPool;

// Instances of a program that have been put back to how they began, each of the pool of a loop. They go with the
// program. Any thread.
class Shelf {
 public:
  explicit Shelf(Engine& engine) : engine_(engine) {}
  ~Shelf();
  Shelf(const Shelf&) = delete;

  // Takes it over; false when the engine has no slot for one more that is idle. `memory_bytes` are what it may use.
  bool put(const FreshPool& pool, std::size_t memory_bytes, mayfly_instance_t* instance);
  // The one that was put there last; null for none.
  mayfly_instance_t* take(const FreshPool& pool, std::size_t memory_bytes);
  // Those that have been there since before `since`. How many are left.
  std::size_t give_up(const FreshPool& pool, std::chrono::steady_clock::time_point since);

 private:
  struct Kept {
    const FreshPool* pool;
    std::size_t memory_bytes;
    mayfly_instance_t* instance;
    std::chrono::steady_clock::time_point since;
  };
  void remove(const Kept& kept);

  Engine& engine_;
  std::mutex mutex_;
  std::vector<Kept> kept_;  // in the order of putting
};

}  // namespace mayfly::sandbox
