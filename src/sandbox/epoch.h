#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace mayfly::sandbox {

// The thread that advances the engine's epoch once a tick while guests run, and sleeps when none has for a while.
class EpochTicker {
 public:
  explicit EpochTicker(std::function<void()> advance);
  ~EpochTicker();

  // A guest is about to run. Any thread. Sequentially consistent against run(): either the ticker sees active_
  // before it sleeps, or the guest sees asleep_ and wakes it.
  void guest_runs() noexcept {
    active_.store(true);
    if (asleep_.load()) wake();
  }

 private:
  void run(const std::stop_token& stopping);
  void wake() noexcept;

  std::function<void()> advance_;
  std::atomic<bool> active_ = false;
  std::atomic<bool> asleep_ = false;
  std::jthread thread_;
};

}  // namespace mayfly::sandbox
