#pragma once

#include "sandbox/vfs/pages.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace mayfly::sandbox::vfs {

struct Node;

// The entries of a directory in memory, by name and in the order in which they came: their serial numbers are the
// cookies of a listing, so that one goes on where it was after entries are gone.
class Folder {
 public:
  const std::shared_ptr<Node>* find(std::string_view name) const;
  void add(std::string_view name, std::shared_ptr<Node> node);  // that is not there yet
  std::shared_ptr<Node> take(std::string_view name);            // that is there
  bool empty() const { return by_name_.empty(); }

  // Calls `show(name, node, cookie)` for the entries after `cookie`, until it says false.
  template <typename Show>
  void list_after(std::uint64_t cookie, Show show) const {
    for (auto it = by_serial_.upper_bound(cookie); it != by_serial_.end(); ++it) {
      const auto& [name, entry] = *it->second;
      if (!show(std::string_view(name), *entry.node, it->first)) return;
    }
  }
  // Gives away all entries.
  template <typename Take>
  void clear_into(Take take) {
    for (auto& [name, entry] : by_name_) take(std::move(entry.node));
    by_serial_.clear();
    by_name_.clear();
  }

  static constexpr std::uint64_t kDotCookie = 1, kDotDotCookie = 2;

 private:
  struct Entry {
    std::shared_ptr<Node> node;
    std::uint64_t serial;
  };
  using ByName = std::map<std::string, Entry, std::less<>>;

  ByName by_name_;
  std::map<std::uint64_t, ByName::const_iterator> by_serial_;
  std::uint64_t last_serial_ = kDotDotCookie;
};

// A symbolic link, whose text is counted.
struct Link {
  Link(Space& counted, std::string text) : space(counted), target(std::move(text)) {}
  ~Link() { space.give_back(target.size()); }
  Link(const Link&) = delete;

  Space& space;
  const std::string target;
};

// Nanoseconds since 1970.
std::uint64_t real_time();

// What an entry of a tree in memory leads to. Of a bundle, it is never changed once made, and read by any thread;
// of /tmp, it belongs to one invocation and its memory is counted.
struct Node : std::enable_shared_from_this<Node> {
  using Content = std::variant<Folder, Link, Pages, std::string>;  // a string is a file of a bundle

  template <typename T, typename... Args>
  Node(Space* counted, std::uint64_t number, std::in_place_type_t<T> type, Args&&... args)
      : space(counted), inode(number), content(type, std::forward<Args>(args)...) {
    if (space != nullptr) accessed = modified = changed = real_time();
  }
  ~Node();

  Folder* folder() { return std::get_if<Folder>(&content); }
  FileType type() const;
  Stat stat() const;
  void set_times(const Times& times);
  void touch();  // modified now

  Space* space;  // null: of a bundle, read-only
  std::uint64_t inode;
  Content content;
  Node* parent = nullptr;   // of a directory
  std::uint32_t links = 0;  // names that lead to it
  std::uint64_t accessed = 0, modified = 0, changed = 0;
};

// What an entry of /tmp takes beside its content: the node, its place in both maps, a name of 255 bytes.
inline constexpr std::size_t kEntryBytes = 768;

template <typename T, typename... Args>
std::shared_ptr<Node> make_node(Space* space, std::uint64_t inode, Args&&... args) {
  return std::make_shared<Node>(space, inode, std::in_place_type<T>, std::forward<Args>(args)...);
}

// Puts a node under a name of a directory that has none such; false when the space is full.
[[nodiscard]] bool attach(Node& folder, std::string_view name, std::shared_ptr<Node> node);
// The reverse: what was there is gone with its last name and its last open descriptor.
void detach(Node& folder, std::string_view name);
// Moves an entry to where there is none.
void move(Node& folder, std::string_view name, Node& to_folder, std::string_view to_name);

}  // namespace mayfly::sandbox::vfs
