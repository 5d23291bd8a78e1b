#pragma once

#include "deploy/function_file.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::deploy {

inline constexpr std::size_t kPipelineFileBytes = 64 << 10;  // of the largest that is read; 16 names need one

// Whether an upload that is no module is a function.toml with `stages`: a pipeline.
bool is_pipeline_file(std::string_view bytes);

// A function.toml of a pipeline. kBadPipeline for what it cannot have, such as a module.
Result<FunctionFile> parse_pipeline_file(std::string_view toml);

// The least that parse_pipeline_file reads as these.
std::string pipeline_file(const std::vector<std::string>& stages);

}  // namespace mayfly::deploy
