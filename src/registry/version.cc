#include "registry/version.h"

namespace mayfly::registry {

void Version::set_loaded(Loaded loaded) const {
  std::call_once(once_, [&] {
    loaded_ = std::move(loaded);
    program_.store(loaded_.program.get(), std::memory_order_release);
  });
}

}  // namespace mayfly::registry
