#pragma once

#include "base/guarded.h"
#include "invoke/fair_queue.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>
#include <vector>

namespace mayfly::invoke {

class Task;

// Where guests go that burn CPU: threads behind the event loops, which take them in fair turns of a few ticks. A guest
// comes back to its loop when it ends, waits, or is cancelled. Any thread.
class Background {
 public:
  explicit Background(unsigned threads);
  ~Background();

  void take(std::unique_ptr<Task> task);
  // Sends every guest home, and those that come later at once. Before the loops are gone.
  void stop();

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct State {
    FairQueue<std::unique_ptr<Task>> ready;
    bool stopping = false;
  };

  void run();
  std::unique_ptr<Task> next();
  void put_back(std::unique_ptr<Task> task);

  Guarded<State> state_;
  std::condition_variable filled_;
  std::atomic<std::size_t> size_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace mayfly::invoke
