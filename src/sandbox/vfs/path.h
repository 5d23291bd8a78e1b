#pragma once

#include "sandbox/vfs/result.h"

#include <string_view>

namespace mayfly::sandbox::vfs {

// A path that a guest gave, checked: relative, UTF-8, without NUL, of a bounded length. What it leads to is for a
// directory to find out; `..` and symbolic links are resolved there, never in text. A view of the guest's memory.
class Path {
 public:
  // ENOENT for an empty path, EPERM for an absolute one, EINVAL for a NUL, EILSEQ for what is not UTF-8,
  // ENAMETOOLONG.
  static Try<Path> parse(std::string_view text);

  std::string_view text() const { return text_; }
  // `a/b` and `c` of `a/b/c` and of `a/b/c//`; the parent of a single name is "".
  std::string_view parent() const { return text_.substr(0, name_start_); }
  std::string_view name() const { return text_.substr(name_start_, name_length_); }
  // Whether a slash follows the name, which then has to be a directory's.
  bool ends_in_slash() const { return name_start_ + name_length_ < text_.size(); }
  // Whether the name is one of an entry, and neither `.` nor `..`.
  bool names_entry() const { return name() != "." && name() != ".."; }

 private:
  explicit Path(std::string_view text);

  std::string_view text_;
  std::size_t name_start_;
  std::size_t name_length_;
};

// What a symbolic link may say: as a path. Where it leads is checked when it is followed.
Try<std::string_view> parse_link_target(std::string_view text);

}  // namespace mayfly::sandbox::vfs
