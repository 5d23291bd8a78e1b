#include "sandbox/shelf.h"

#include "base/coarse_clock.h"
#include "sandbox/engine.h"

#include <mayfly_engine.h>

#include <algorithm>
#include <iterator>

namespace mayfly::sandbox {

Shelf::~Shelf() {
  for (const Kept& kept : kept_) remove(kept);
}

void Shelf::remove(const Kept& kept) {
  mayfly_instance_delete(kept.instance);
  engine_.return_idle_slot();
}

bool Shelf::put(const FreshPool& pool, std::size_t memory_bytes, mayfly_instance_t* instance) {
  if (!engine_.take_idle_slot()) return false;
  const std::lock_guard lock(mutex_);
  kept_.push_back({&pool, memory_bytes, instance, coarse_now()});
  return true;
}

mayfly_instance_t* Shelf::take(const FreshPool& pool, std::size_t memory_bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& kept) {
    return kept.pool == &pool && kept.memory_bytes == memory_bytes;
  });
  if (found == kept_.rend()) return nullptr;
  mayfly_instance_t* instance = found->instance;
  kept_.erase(std::next(found).base());
  engine_.return_idle_slot();
  return instance;
}

std::size_t Shelf::give_up(const FreshPool& pool, std::chrono::steady_clock::time_point since) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const Kept& kept) {
    if (kept.pool != &pool || kept.since >= since) return false;
    remove(kept);
    return true;
  });
  return static_cast<std::size_t>(std::ranges::count(kept_, &pool, &Kept::pool));
}

}  // namespace mayfly::sandbox
