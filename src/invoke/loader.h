#pragma once

#include "net/loop.h"
#include "registry/version.h"

#include <functional>

namespace mayfly::invoke {

// Loads the program of a version that is not in memory. Implemented by deploy, which knows where artefacts are.
class Loader {
 public:
  virtual ~Loader() = default;
  using Done = std::function<void(const Result<registry::Version::LoadedPtr>&)>;
  // Calls `done` on `loop` later with the program, which may be unloaded from the version by then; or why there is
  // none.
  virtual void load(const registry::VersionPtr& version, net::Loop& loop, Done done) = 0;
};

}  // namespace mayfly::invoke
