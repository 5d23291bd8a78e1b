#include "sandbox/vfs/mounts.h"

#include "sandbox/vfs/tmp.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::sandbox::vfs {

Result<std::vector<Mount>> make_mounts(std::shared_ptr<const Bundle> bundle, const Settings& settings,
                                       const Volumes* volumes) {
  std::vector<Mount> mounts;
  if (bundle) mounts.push_back({"/", std::move(bundle)});
  for (const VolumeMount& granted : settings.volumes) {
    if (!granted.guest.starts_with('/')) {
      return fail(ErrorCode::kBadOption, fmt::format("volume `{}`: its path is absolute", granted.guest));
    }
    if (std::ranges::find(mounts, granted.guest, &Mount::path) != mounts.end()) {
      return fail(ErrorCode::kBadOption, fmt::format("volume `{}`: there is another tree at this path", granted.guest));
    }
    if (volumes == nullptr) return fail(ErrorCode::kVolume, fmt::format("volume `{}`: none are here", granted.guest));
    auto volume = volumes->open(granted);
    if (!volume) return fail(std::move(volume.error()));
    mounts.push_back({granted.guest, std::move(*volume)});
  }
  if (std::ranges::find(mounts, "/tmp", &Mount::path) == mounts.end()) {
    mounts.push_back({"/tmp", std::make_shared<Tmp>(settings.limits.tmp_bytes)});
  }
  return mounts;
}

}  // namespace mayfly::sandbox::vfs
