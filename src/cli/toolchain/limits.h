#pragma once

#include <cstddef>

namespace mayfly::cli {

// Bytes of what a tool answers when it is asked about itself or a project: `cargo metadata` of a large workspace has a
// few MiB.
constexpr std::size_t kToolAnswerBytes = 64 << 20;
// Files and folders of a project's folder that are looked at.
constexpr std::size_t kFolderEntries = 10'000;
// Bytes of one source file that is looked at for what it exports.
constexpr std::size_t kSourceBytes = 16 << 20;

}  // namespace mayfly::cli
