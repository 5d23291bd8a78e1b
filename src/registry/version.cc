#include "registry/version.h"

namespace mayfly::registry {

void Version::set_program(std::shared_ptr<const sandbox::Program> program) const {
  std::call_once(once_, [&] {
    owner_ = std::move(program);
    program_.store(owner_.get(), std::memory_order_release);
  });
}

}  // namespace mayfly::registry
