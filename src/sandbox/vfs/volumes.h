#pragma once

#include "base/result.h"
#include "net/workers.h"
#include "sandbox/settings.h"
#include "sandbox/vfs/volume.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sandbox::vfs {

// The folders that the operator has named for functions to mount, and the threads that wait for the disks of all
// volumes. Filled at the start; then read by any thread. Outlives what it opens.
class Volumes {
 public:
  // `NAME=DIR`, or `NAME=DIR:ro` for one that nobody writes. The folder is opened now, and stays the one it was.
  // kBadOption.
  Status add(std::string_view named);

  // Whether a function may have these: kBadOption, saying what there is, when one is not there or not to be written.
  Status check(const std::vector<VolumeMount>& wanted) const;
  // kVolume for what check() refuses, and for a host path that cannot be opened.
  Result<std::shared_ptr<const Volume>> open(const VolumeMount& wanted) const;

  // Before the loops go, whose guests wait. False when a disk takes longer than `patience`.
  bool stop(std::chrono::milliseconds patience) { return syncing_.stop(patience); }

 private:
  struct Named {
    std::shared_ptr<const Volume> read_only;
    std::shared_ptr<const Volume> writable;  // null: nobody writes it
  };
  using Found = tl::expected<std::shared_ptr<const Volume>, std::string>;  // or why not
  Found find(const VolumeMount& wanted) const;

  mutable net::Workers syncing_{"sync", kSyncThreads};
  std::map<std::string, Named, std::less<>> named_;
};

}  // namespace mayfly::sandbox::vfs
