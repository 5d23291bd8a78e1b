#include "sandbox/vfs/volume.h"

#include "sandbox/vfs/openat2.h"
#include "sandbox/vfs/volume_directory.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

namespace mayfly::sandbox::vfs {

Result<std::shared_ptr<const Volume>> Volume::open(const std::string& folder, bool writable, net::Workers& syncing) {
  UniqueFd root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    const std::string reason = std::generic_category().message(errno);
    return fail(ErrorCode::kVolume, fmt::format("cannot open the volume {}: {}", folder, reason));
  }
  if (const auto beneath = open_beneath(root.get(), ".", O_PATH); !beneath) {
    const std::string reason = std::make_error_code(beneath.error()).message();
    return fail(ErrorCode::kVolume,
                fmt::format("volumes need the system call openat2, of Linux 5.6, which fails here: {}", reason));
  }
  return std::shared_ptr<const Volume>(new Volume(std::move(root), writable, syncing));
}

// The root's descriptor is the volume's, which outlives the directory.
Try<std::unique_ptr<Directory>> Volume::open_root() const {
  return std::make_unique<VolumeDirectory>(*this, root_.get(), UniqueFd());
}

}  // namespace mayfly::sandbox::vfs
