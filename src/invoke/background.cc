#include "invoke/background.h"

#include "invoke/limits.h"
#include "invoke/task.h"
#include "net/workers.h"

#include <fmt/format.h>
#include <pthread.h>

namespace mayfly::invoke {

using sandbox::Instance;

Background::Background(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name = fmt::format("background-{}", i)] {
      pthread_setname_np(pthread_self(), name.c_str());
      net::lower_priority();
      run();
    });
  }
}

Background::~Background() { stop(); }

void Background::take(std::unique_ptr<Task> task) {
  size_.fetch_add(1, std::memory_order_relaxed);
  put_back(std::move(task));
}

void Background::put_back(std::unique_ptr<Task> task) {
  {
    auto state = state_.lock();
    if (!state->stopping) {
      const Owner owner = task->owner();
      state->ready.push(owner, std::move(task));
    }
  }
  if (!task) return filled_.notify_one();
  size_.fetch_sub(1, std::memory_order_relaxed);
  Task::send_home(std::move(task), Instance::Progress::kYielded);
}

std::unique_ptr<Task> Background::next() {
  auto state = state_.lock();
  filled_.wait(state.mutex(), [&] { return state->stopping || !state->ready.empty(); });
  return state->ready.empty() ? nullptr : state->ready.pop();
}

void Background::run() {
  while (auto task = next()) {
    Instance::Progress progress = Instance::Progress::kYielded;
    for (int tick = 0; tick < kBackgroundTicks && progress == Instance::Progress::kYielded && !task->cancelled();
         ++tick) {
      progress = task->instance().resume(Instance::Where::kAway);
    }
    if (progress == Instance::Progress::kYielded && !task->cancelled()) {
      put_back(std::move(task));
      continue;
    }
    size_.fetch_sub(1, std::memory_order_relaxed);
    Task::send_home(std::move(task), progress);
  }
}

void Background::stop() {
  {
    auto state = state_.lock();
    state->stopping = true;
  }
  filled_.notify_all();
  threads_.clear();  // joins; each takes what is left in turns, and put_back() sends it home
}

}  // namespace mayfly::invoke
