#include "sandbox/vfs/path.h"

#include "base/text.h"
#include "sandbox/limits.h"

namespace mayfly::sandbox::vfs {

Path::Path(std::string_view text) : text_(text) {
  const std::size_t end = text.find_last_not_of('/') + 1;
  const std::size_t slash = text.substr(0, end).rfind('/');
  name_start_ = slash == std::string_view::npos ? 0 : slash + 1;
  name_length_ = end - name_start_;
}

Try<Path> Path::parse(std::string_view text) {
  if (text.empty()) return failed(ENOENT);
  if (text.size() > kMaxPathBytes) return failed(ENAMETOOLONG);
  if (text.find('\0') != std::string_view::npos) return failed(EINVAL);
  if (!is_utf8(text)) return failed(EILSEQ);
  if (text.front() == '/') return failed(EPERM);
  return Path(text);
}

Try<std::string_view> parse_link_target(std::string_view text) {
  return Path::parse(text).map([](const Path& path) { return path.text(); });
}

}  // namespace mayfly::sandbox::vfs
