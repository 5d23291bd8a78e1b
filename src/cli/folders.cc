#include "cli/folders.h"

#include <cstdlib>
#include <filesystem>

namespace mayfly::cli {

std::string default_languages_folder() {
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return (program.parent_path().parent_path() / "languages").string();
}

std::string shared_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != 0) return std::string(cache) + "/mayfly/code";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != 0 ? std::string(home) + "/.cache/mayfly/code" : "";
}

}  // namespace mayfly::cli
