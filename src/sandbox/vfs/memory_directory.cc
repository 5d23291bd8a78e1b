#include "sandbox/vfs/memory_directory.h"

#include "sandbox/vfs/memory_file.h"
#include "sandbox/vfs/walk.h"

namespace mayfly::sandbox::vfs {
namespace {

Last rule(Follow follow) { return follow == Follow::kYes ? Last::kFollow : Last::kLookup; }

// What a path leads to.
Try<Node*> existing(const Place& place) {
  if (place.found == nullptr) return failed(ENOENT);
  if (place.slash && place.found->folder() == nullptr) return failed(ENOTDIR);
  return place.found;
}

bool is_within(const Node* node, const Node& folder) {
  while (node != nullptr && node != &folder) node = node->parent;
  return node != nullptr;
}

// Whether what is at one place may move to another, and replace what is there.
Try<void> check_move(const Place& from, const Place& to) {
  const Node& moved = *from.found;
  const bool is_folder = moved.type() == FileType::kDirectory;
  if (to.slash && !is_folder) return failed(ENOTDIR);
  if (is_folder && is_within(to.folder, moved)) return failed(EINVAL);
  if (to.found == nullptr || to.found == &moved) return {};
  if (to.found->folder() != nullptr && is_within(from.folder, *to.found)) return failed(ENOTEMPTY);
  Folder* entries = to.found->folder();
  if (entries == nullptr) return is_folder ? Try<void>(failed(ENOTDIR)) : Try<void>();
  if (!is_folder) return failed(EISDIR);
  return entries->empty() ? Try<void>() : failed(ENOTEMPTY);
}

}  // namespace

Try<Opened> MemoryDirectory::create_file(const Place& place) {
  if (read_only()) return failed(EROFS);
  auto node = make_node<Pages>(tree_->space(), ++tree_->last_inode, *tree_->space());
  if (!attach(*place.folder, place.name, node)) return failed(ENOSPC);
  return std::make_unique<MemoryFile>(tree_, std::move(node));
}

Try<Opened> MemoryDirectory::open(const Path& path, const OpenOptions& options) {
  const bool must_be_new = options.create && options.exclusive;
  const Last kept = options.create ? Last::kMakeNew : Last::kLookup;
  const Last followed = options.create ? Last::kMake : Last::kFollow;
  const auto place = walk(*node_, path, options.follow && !must_be_new ? followed : kept);
  if (!place) return tl::unexpected(place.error());
  if (options.create && place->slash && !place->name.empty()) return failed(EISDIR);
  Node* found = place->found;
  if (found == nullptr) return options.create ? create_file(*place) : Try<Opened>(failed(ENOENT));
  if (must_be_new) return failed(EEXIST);
  if (found->type() == FileType::kSymbolicLink) return failed(options.directory ? ENOTDIR : ELOOP);
  if (found->folder() != nullptr) {
    if (options.write || options.create || options.truncate) return failed(EISDIR);
    return std::make_unique<MemoryDirectory>(tree_, found->shared_from_this());
  }
  if (options.directory || place->slash) return failed(ENOTDIR);
  if (read_only() && (options.write || options.truncate)) return failed(EROFS);
  auto file = std::make_unique<MemoryFile>(tree_, found->shared_from_this());
  if (options.truncate) {
    if (auto emptied = file->resize(0); !emptied) return tl::unexpected(emptied.error());
  }
  return file;
}

Try<Stat> MemoryDirectory::stat(const Path& path, Follow follow) {
  return walk(*node_, path, rule(follow)).and_then(existing).map([](Node* node) { return node->stat(); });
}

Try<void> MemoryDirectory::set_times(const Times& times) {
  if (read_only()) return failed(EROFS);
  node_->set_times(times);
  return {};
}

Try<void> MemoryDirectory::set_times(const Path& path, Follow follow, const Times& times) {
  if (read_only()) return failed(EROFS);
  return walk(*node_, path, rule(follow)).and_then(existing).map([&](Node* node) { node->set_times(times); });
}

Try<void> MemoryDirectory::create_directory(const Path& path) {
  if (read_only()) return failed(EROFS);
  return walk(*node_, path, Last::kEntry).and_then([&](const Place& place) -> Try<void> {
    if (place.found != nullptr) return failed(EEXIST);
    auto node = make_node<Folder>(tree_->space(), ++tree_->last_inode);
    return attach(*place.folder, place.name, std::move(node)) ? Try<void>() : failed(ENOSPC);
  });
}

Try<void> MemoryDirectory::remove_directory(const Path& path) {
  if (read_only()) return failed(EROFS);
  return walk(*node_, path, Last::kEntry).and_then([](const Place& place) -> Try<void> {
    if (place.found == nullptr) return failed(ENOENT);
    Folder* entries = place.found->folder();
    if (entries == nullptr) return failed(ENOTDIR);
    if (place.name.empty()) return failed(EINVAL);
    if (!entries->empty()) return failed(ENOTEMPTY);
    detach(*place.folder, place.name);
    return {};
  });
}

Try<void> MemoryDirectory::unlink(const Path& path) {
  if (read_only()) return failed(EROFS);
  return walk(*node_, path, Last::kEntry).and_then([](const Place& place) -> Try<void> {
    if (place.found == nullptr) return failed(ENOENT);
    if (place.found->folder() != nullptr) return failed(EISDIR);
    if (place.slash) return failed(ENOTDIR);
    detach(*place.folder, place.name);
    return {};
  });
}

Try<void> MemoryDirectory::symlink(std::string_view target, const Path& path) {
  if (read_only()) return failed(EROFS);
  const auto checked = parse_link_target(target);
  if (!checked) return tl::unexpected(checked.error());
  return walk(*node_, path, Last::kEntry).and_then([&](const Place& place) -> Try<void> {
    if (place.found != nullptr) return failed(EEXIST);
    if (place.slash) return failed(ENOENT);
    Space& space = *tree_->space();
    if (!space.take(checked->size())) return failed(ENOSPC);
    auto node = make_node<Link>(&space, ++tree_->last_inode, space, std::string(*checked));
    return attach(*place.folder, place.name, std::move(node)) ? Try<void>() : failed(ENOSPC);
  });
}

Try<std::string> MemoryDirectory::read_link(const Path& path) {
  return walk(*node_, path, Last::kLookup).and_then(existing).and_then([](Node* node) -> Try<std::string> {
    const auto* link = std::get_if<Link>(&node->content);
    return link == nullptr ? Try<std::string>(failed(EINVAL)) : link->target;
  });
}

Try<void> MemoryDirectory::rename(const Path& from_path, Directory& to_directory, const Path& to_path) {
  auto* other = dynamic_cast<MemoryDirectory*>(&to_directory);
  if (other == nullptr || other->tree_ != tree_) return failed(EXDEV);
  if (read_only()) return failed(EROFS);
  const auto from = walk(*node_, from_path, Last::kEntry);
  if (!from) return tl::unexpected(from.error());
  if (from->name.empty()) return failed(EBUSY);
  const auto to = walk(*other->node_, to_path, Last::kEntry);
  if (!to) return tl::unexpected(to.error());
  if (to->name.empty()) return failed(EBUSY);
  if (const auto moved = existing(*from); !moved) return tl::unexpected(moved.error());
  if (auto allowed = check_move(*from, *to); !allowed) return allowed;
  if (to->found == from->found) return {};
  if (to->found != nullptr) detach(*to->folder, to->name);
  move(*from->folder, from->name, *to->folder, to->name);
  return {};
}

Try<void> MemoryDirectory::link(const Path& from_path, Directory& to_directory, const Path& to_path) {
  auto* other = dynamic_cast<MemoryDirectory*>(&to_directory);
  if (other == nullptr || other->tree_ != tree_) return failed(EXDEV);
  if (read_only()) return failed(EROFS);
  const auto from = walk(*node_, from_path, Last::kLookup).and_then(existing);
  if (!from) return tl::unexpected(from.error());
  const auto to = walk(*other->node_, to_path, Last::kEntry);
  if (!to) return tl::unexpected(to.error());
  if (to->found != nullptr) return failed(EEXIST);
  if (to->slash) return failed(ENOENT);
  if ((*from)->folder() != nullptr) return failed(EPERM);
  return attach(*to->folder, to->name, (*from)->shared_from_this()) ? Try<void>() : failed(ENOSPC);
}

Try<void> MemoryDirectory::list(std::uint64_t cookie, const std::function<bool(const Entry&)>& take) {
  constexpr auto kType = FileType::kDirectory;
  if (cookie < Folder::kDotCookie && !take({".", node_->inode, kType, Folder::kDotCookie})) return {};
  if (cookie < Folder::kDotDotCookie && !take({"..", node_->inode, kType, Folder::kDotDotCookie})) return {};
  node_->folder()->list_after(std::max(cookie, Folder::kDotDotCookie),
                              [&](std::string_view name, const Node& node, std::uint64_t next) {
                                return take({name, node.inode, node.type(), next});
                              });
  return {};
}

}  // namespace mayfly::sandbox::vfs
