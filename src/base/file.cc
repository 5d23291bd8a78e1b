#include "base/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace mayfly {

Result<std::string> read_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  std::error_code ignored;
  if (file && !std::filesystem::is_directory(path, ignored)) bytes << file.rdbuf();
  else if (errno == 0) errno = EISDIR;
  if (!file || errno == EISDIR) {
    return fail(ErrorCode::kBadConfig, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  return std::move(bytes).str();
}

}  // namespace mayfly
