#pragma once

#include "base/result.h"
#include "sandbox/engine.h"

#include <memory>
#include <string_view>

namespace mayfly::source {

// The program of a module whose initialisation is done once, at its deploy: it exports `wizer.initialize`, or else
// `_initialize`, and every request starts from the image of what that has made. `artefact` and `entry` as Engine::load.
// kBadModule for one of which no image can be taken, kBadSource when its initialisation fails.
Result<std::shared_ptr<const sandbox::Program>> load_snapshot(sandbox::Engine& engine, std::string_view bytes,
                                                              std::string_view artefact, std::string_view entry,
                                                              const sandbox::Limits& limits,
                                                              sandbox::Engine::Want want);

}  // namespace mayfly::source
