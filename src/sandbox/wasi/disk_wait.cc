#include "sandbox/wasi/disk_wait.h"

namespace mayfly::sandbox::wasi {

DiskWait::DiskWait(vfs::Syncing syncing, net::Loop& loop, std::function<void()> wake)
    : state_(std::make_shared<State>(State{std::nullopt, std::move(wake)})) {
  net::Workers& workers = syncing.workers;
  workers.post([syncing = std::move(syncing), &loop, weak = std::weak_ptr(state_)]() mutable {
    loop.post([result = syncing.wait(), weak = std::move(weak)] {
      const auto state = weak.lock();
      if (!state) return;
      state->result = result;
      state->wake();
    });
  });
}

}  // namespace mayfly::sandbox::wasi
