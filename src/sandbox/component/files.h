#pragma once

#include "sandbox/guest.h"

#include <cstdint>
#include <list>

namespace mayfly::sandbox {
struct EngineFiles;
}

namespace mayfly::sandbox::component {

// The files of one component: those that a module would see, under the numbers that a module would have. Belongs to the
// loop; outlives the engine's instance.
class Files {
 public:
  explicit Files(Guest& guest);
  ~Files();
  Files(const Files&) = delete;

  // Whether no disk is waited for.
  bool idle() const { return waits_.empty(); }

  // What the engine is to call.
  EngineFiles callbacks();

 private:
  struct Callbacks;
  struct Wait;  // for a disk

  Guest& guest_;
  std::list<Wait> waits_;
};

}  // namespace mayfly::sandbox::component
