#include "source/files.h"

namespace mayfly::source {

Result<std::vector<sandbox::vfs::Mount>> mount(Files files) {
  return sandbox::vfs::make_mounts(std::make_shared<const sandbox::vfs::Bundle>(std::move(files)), {}, nullptr);
}

}  // namespace mayfly::source
