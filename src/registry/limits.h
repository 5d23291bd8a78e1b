#pragma once

#include <cstddef>

namespace mayfly::registry {

// Invocations of one request: each may hold a body, and their limits of time add up.
inline constexpr std::size_t kMaxStages = 16;

// Pipelines within pipelines: nobody needs more, and a search has an end.
inline constexpr int kMaxPipelineDepth = 4;

}  // namespace mayfly::registry
