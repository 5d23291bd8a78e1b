#pragma once

#include "net/loop.h"
#include "sandbox/vfs/syncing.h"

#include <functional>
#include <memory>
#include <optional>

namespace mayfly::sandbox::wasi {

// A guest's wait for a disk, on a thread that may. The guest may end meanwhile: then nobody is told. Belongs to a loop.
class DiskWait {
 public:
  // `wake` is called on the loop once there is a result, unless this is gone.
  DiskWait(vfs::Syncing syncing, net::Loop& loop, std::function<void()> wake);

  const std::optional<vfs::Try<void>>& result() const { return state_->result; }

 private:
  struct State {
    std::optional<vfs::Try<void>> result;
    std::function<void()> wake;
  };
  std::shared_ptr<State> state_;
};

}  // namespace mayfly::sandbox::wasi
