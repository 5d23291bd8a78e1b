#include "sandbox/epoch.h"

#include "sandbox/limits.h"

#include <pthread.h>

namespace mayfly::sandbox {
namespace {

// Ticks without any guest after which the thread sleeps: long enough that steady traffic never pays a wake-up.
constexpr int kIdleTicks = 100;

}  // namespace

EpochTicker::EpochTicker(std::function<void()> advance)
    : advance_(std::move(advance)), thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

EpochTicker::~EpochTicker() {
  thread_.request_stop();
  wake();
}

void EpochTicker::wake() noexcept {
  asleep_.store(false);
  asleep_.notify_one();
}

void EpochTicker::run(const std::stop_token& stopping) {
  pthread_setname_np(pthread_self(), "epoch");
  int idle = 0;
  while (!stopping.stop_requested()) {
    std::this_thread::sleep_for(kTick);
    advance_();
    idle = active_.exchange(false) ? 0 : idle + 1;
    if (idle < kIdleTicks) continue;
    asleep_.store(true);
    if (!active_.load() && !stopping.stop_requested()) asleep_.wait(true);
    asleep_.store(false);
    idle = 0;
  }
}

}  // namespace mayfly::sandbox
