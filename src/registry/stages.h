#pragma once

#include "registry/registry.h"

#include <string>
#include <vector>

namespace mayfly::registry {

// What the pipeline `name` calls, in order: the active version of each of its stages, and in the place of a stage that
// is a pipeline the stages of that. kBrokenPipeline, naming the stage, when one is not there or cannot be a stage.
Result<std::vector<VersionPtr>> find_stages(const Snapshot& snapshot, const std::string& name,
                                            const std::vector<std::string>& stages);

}  // namespace mayfly::registry
