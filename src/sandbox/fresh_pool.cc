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

bool FreshPool::is_often_called(const Recent& recent) const {
  return recent.calls > kCallsBeforeRewinding && recent.calls * kMostRewinding >= calls_;
}

mayfly_instance_t* FreshPool::take(const std::shared_ptr<const Program>& program, EngineConfig& config) {
  if (!program->may_rewind()) return nullptr;
  Recent& recent = recent_[program.get()];
  ++recent.calls;
  ++calls_;
  if (auto* instance = program->shelf().take(*this, config.raw.memory_bytes)) return instance;
  recent.program = program;
  recent.asked = is_often_called(recent) && recent.misses < kMostMisses;
  config.raw.rewinds = recent.asked;
  sweep_later();
  return nullptr;
}

void FreshPool::give_back(const Program& program, std::size_t memory_bytes, mayfly_instance_t* instance) {
  const auto found = recent_.find(&program);
  const bool wanted = found != recent_.end() && is_often_called(found->second);
  const bool is_fresh = wanted && mayfly_instance_rewind(instance);
  if (wanted && found->second.asked) found->second.misses = is_fresh ? 0 : found->second.misses + 1;
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
  calls_ = 0;
  for (auto at = recent_.begin(); at != recent_.end();) {
    Recent& recent = at->second;
    recent.calls /= 2;
    calls_ += recent.calls;
    if (recent.misses > 0) --recent.misses;
    const auto program = recent.program.lock();
    const bool is_done =
        !program || (program->shelf().give_up(*this, since) == 0 && recent.misses == 0 && recent.calls == 0);
    at = is_done ? recent_.erase(at) : std::next(at);
  }
  if (!recent_.empty()) sweep_later();
}

}  // namespace mayfly::sandbox
