#include "source/files.h"

#include "base/file.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <system_error>

namespace mayfly::source {

using sandbox::vfs::Bundle;
using sandbox::vfs::Mount;

namespace {

namespace fs = std::filesystem;

// All that is in a folder, by relative path.
Result<Files> read_folder(const std::string& folder) {
  Files files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    if (!entry->is_regular_file()) continue;
    auto content = read_file(entry->path().string());
    if (!content) return fail(std::move(content.error()));
    files.emplace(fs::relative(entry->path(), folder).string(), std::move(*content));
  }
  if (error) return fail(ErrorCode::kBadConfig, fmt::format("{}: {}", folder, error.message()));
  return files;
}

}  // namespace

Result<std::vector<Mount>> mount(Files files) {
  return sandbox::vfs::make_mounts(std::make_shared<const Bundle>(std::move(files)), {}, nullptr);
}

Result<std::vector<Mount>> mount_folders(const std::map<std::string, std::string, std::less<>>& folders) {
  std::vector<Mount> mounts;
  for (const auto& [path, folder] : folders) {
    auto files = read_folder(folder);
    if (!files) return fail(std::move(files.error()));
    mounts.push_back({path, std::make_shared<const Bundle>(std::move(*files))});
  }
  return mounts;
}

}  // namespace mayfly::source
