#include "sandbox/vfs/walk.h"

#include "sandbox/limits.h"

#include <climits>

namespace mayfly::sandbox::vfs {
namespace {

std::string_view without_leading_slashes(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

bool follows(Last rule, bool slash) {
  switch (rule) {
    case Last::kLookup: return slash;
    case Last::kFollow: return true;
    case Last::kMake: return !slash;
    default: return false;
  }
}

}  // namespace

Try<Place> walk(Node& start, const Path& path, Last last_rule) {
  std::string expanded;  // the path from the last symbolic link on; `rest` looks into it
  std::string_view rest = path.text();
  Node* folder = &start;
  for (int links = 0;;) {
    const std::size_t end = rest.find('/');
    const std::string_view name = rest.substr(0, end);
    const bool slash = end != std::string_view::npos;
    const std::string_view next = slash ? without_leading_slashes(rest.substr(end)) : std::string_view();
    const bool last = next.empty();

    if (name == "." || name == "..") {
      const bool resolved = !last || last_rule != Last::kEntry;
      if (name == ".." && resolved) {
        if (folder == &start) return failed(EPERM);
        folder = folder->parent;
      }
      if (last) return Place{folder, "", folder, slash};
      rest = next;
      continue;
    }
    if (name.size() > NAME_MAX) return failed(ENAMETOOLONG);
    const auto* entry = folder->folder()->find(name);
    Node* found = entry == nullptr ? nullptr : entry->get();
    const auto* link = found == nullptr ? nullptr : std::get_if<Link>(&found->content);
    if (link != nullptr && (!last || follows(last_rule, slash))) {
      if (++links > kMaxSymbolicLinks) return failed(ELOOP);
      std::string longer = link->target;
      if (slash) (longer += '/') += next;
      if (longer.size() > kMaxPathBytes) return failed(ENAMETOOLONG);
      expanded = std::move(longer);
      rest = expanded;
      continue;
    }
    const bool removed = folder->links == 0;  // the directory itself: nothing is made in it any more
    if (found == nullptr && (!last || removed)) return failed(ENOENT);
    if (last) return Place{folder, std::string(name), found, slash};
    if (found->folder() == nullptr) return failed(ENOTDIR);
    folder = found;
    rest = next;
  }
}

}  // namespace mayfly::sandbox::vfs
