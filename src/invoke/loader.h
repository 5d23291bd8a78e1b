#pragma once

#include "net/loop.h"
#include "registry/version.h"

#include <functional>

namespace mayfly::invoke {

// Loads the program of a version that is not in memory. Implemented by deploy, which knows where artefacts are.
class Loader {
 public:
  virtual ~Loader() = default;
  // Calls `done` on `loop` later: the program is set, or the error says why not.
  virtual void load(const registry::VersionPtr& version, net::Loop& loop, std::function<void(Status)> done) = 0;
};

}  // namespace mayfly::invoke
