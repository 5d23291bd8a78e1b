#include "sandbox/vfs/node.h"

#include <sys/stat.h>

#include <vector>

namespace mayfly::sandbox::vfs {
namespace {

std::uint64_t as_nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void set_time(std::uint64_t& time, const timespec& to) {
  if (to.tv_nsec == UTIME_OMIT) return;
  time = to.tv_nsec == UTIME_NOW ? real_time() : as_nanoseconds(to);
}

// Devices that no file system of the host has.
constexpr std::uint64_t kBundleDevice = ~std::uint64_t{0};
constexpr std::uint64_t kTmpDevice = kBundleDevice - 1;

}  // namespace

std::uint64_t real_time() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return as_nanoseconds(now);
}

const std::shared_ptr<Node>* Folder::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second.node;
}

void Folder::add(std::string_view name, std::shared_ptr<Node> node) {
  const auto added = by_name_.emplace(name, Entry{std::move(node), ++last_serial_}).first;
  by_serial_.emplace(last_serial_, added);
}

std::shared_ptr<Node> Folder::take(std::string_view name) {
  const auto found = by_name_.find(name);
  by_serial_.erase(found->second.serial);
  auto node = std::move(found->second.node);
  by_name_.erase(found);
  return node;
}

// In a loop, as a guest may nest directories deeper than a stack is.
Node::~Node() {
  std::vector<std::shared_ptr<Node>> doomed;
  const auto collect = [&doomed](Node& node) {
    if (Folder* entries = node.folder()) {
      entries->clear_into([&doomed](std::shared_ptr<Node> child) {
        child->parent = nullptr;
        doomed.push_back(std::move(child));
      });
    }
  };
  collect(*this);
  while (!doomed.empty()) {
    const std::shared_ptr<Node> node = std::move(doomed.back());
    doomed.pop_back();
    if (node.use_count() == 1) collect(*node);
  }
}

FileType Node::type() const {
  if (std::holds_alternative<Folder>(content)) return FileType::kDirectory;
  return std::holds_alternative<Link>(content) ? FileType::kSymbolicLink : FileType::kRegular;
}

Stat Node::stat() const {
  Stat stat{.device = space == nullptr ? kBundleDevice : kTmpDevice,
            .inode = inode,
            .type = type(),
            .links = links,
            .accessed = accessed,
            .modified = modified,
            .changed = changed};
  if (const auto* link = std::get_if<Link>(&content)) stat.size = link->target.size();
  else if (const auto* pages = std::get_if<Pages>(&content)) stat.size = pages->size();
  else if (const auto* bytes = std::get_if<std::string>(&content)) stat.size = bytes->size();
  return stat;
}

void Node::set_times(const Times& times) {
  set_time(accessed, times[0]);
  set_time(modified, times[1]);
  changed = real_time();
}

void Node::touch() { modified = changed = real_time(); }

bool attach(Node& folder, std::string_view name, std::shared_ptr<Node> node) {
  if (folder.space != nullptr) {
    if (!folder.space->take_entry(kEntryBytes)) return false;
    folder.touch();
  }
  if (node->folder() != nullptr) node->parent = &folder;
  ++node->links;
  folder.folder()->add(name, std::move(node));
  return true;
}

void detach(Node& folder, std::string_view name) {
  const auto node = folder.folder()->take(name);
  --node->links;
  node->parent = nullptr;
  node->changed = real_time();
  folder.space->give_back_entry(kEntryBytes);
  folder.touch();
}

void move(Node& folder, std::string_view name, Node& to_folder, std::string_view to_name) {
  auto node = folder.folder()->take(name);
  if (node->folder() != nullptr) node->parent = &to_folder;
  to_folder.folder()->add(to_name, std::move(node));
  folder.touch();
  to_folder.touch();
}

}  // namespace mayfly::sandbox::vfs
