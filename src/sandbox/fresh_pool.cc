#include "sandbox/fresh_pool.h"

#include "base/coarse_clock.h"
#include "sandbox/engine.h"
#include "sandbox/handle.h"
#include "sandbox/limits.h"

#include <mayfly_engine.h>

#include <iterator>
#include <utility>

namespace mayfly::sandbox {

using std::chrono::steady_clock;

FreshPool::~FreshPool() {
  for (const auto& [key, recent] : recent_) {
    if (const auto program = recent.program.lock()) program->shelf().give_up(*this, steady_clock::time_point::max());
  }
}

mayfly_instance_t* FreshPool::take(const std::shared_ptr<const Program>& program, EngineConfig& config) {
  if (program->may_rewind()) {
    if (auto* instance = program->shelf().take(*this, config.raw.memory_bytes)) {
      mayfly_instance_begin(instance, &config.raw);
      return instance;
    }
    Recent& recent = recent_[program.get()];
    recent.program = program;
    recent.asked = ++recent.calls > kCallsBeforeRewinding && recent.misses < kMostMisses;
    config.raw.rewinds = recent.asked;
    sweep_later();
  }
  return mayfly_instance_new(program->engine().get(), program->get(), &config.raw);
}

void FreshPool::give_back(const Program& program, std::size_t memory_bytes, mayfly_instance_t* instance) {
  const bool is_fresh = mayfly_instance_rewind(instance);
  if (const auto found = recent_.find(&program); found != recent_.end() && found->second.asked) {
    found->second.misses = is_fresh ? 0 : found->second.misses + 1;
  }
  if (!is_fresh || !program.shelf().put(*this, memory_bytes, instance)) mayfly_instance_delete(instance);
}

void FreshPool::sweep_later() {
  if (std::exchange(timer_runs_, true)) return;
  timer_.expires_after(kIdleTime / 4);
  timer_.async_wait([alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    const auto pool = alive.lock();
    if (!error && pool) (*pool)->sweep();
  });
}

void FreshPool::sweep() {
  timer_runs_ = false;
  const auto since = coarse_now() - kIdleTime;
  for (auto at = recent_.begin(); at != recent_.end();) {
    Recent& recent = at->second;
    recent.calls = 0;
    if (recent.misses > 0) --recent.misses;
    const auto program = recent.program.lock();
    const bool is_done = !program || (program->shelf().give_up(*this, since) == 0 && recent.misses == 0);
    at = is_done ? recent_.erase(at) : std::next(at);
  }
  if (!recent_.empty()) sweep_later();
}

}  // namespace mayfly::sandbox
