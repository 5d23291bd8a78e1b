#include "sandbox/wasi/descriptors.h"

#include <algorithm>

namespace mayfly::sandbox::wasi {
namespace {

bool is_open(const Descriptor& descriptor) { return !std::holds_alternative<Closed>(descriptor); }

}  // namespace

Descriptors::Descriptors(std::span<const vfs::Mount> mounts, std::size_t limit)
    : open_(3 + mounts.size()), limit_(limit) {
  table_.reserve(open_);
  table_.emplace_back(StandardInput());
  table_.emplace_back(StandardOutput());
  table_.emplace_back(StandardError());
  for (const vfs::Mount& mount : mounts) table_.emplace_back(OpenDirectory{&mount, nullptr});
}

Descriptor* Descriptors::find(std::uint32_t fd) {
  return fd < table_.size() && is_open(table_[fd]) ? &table_[fd] : nullptr;
}

tl::expected<OpenFile*, Errno> Descriptors::file(std::uint32_t fd, Errno on_stream) {
  Descriptor* found = find(fd);
  if (found == nullptr) return tl::unexpected(Errno::kBadf);
  if (auto* file = std::get_if<OpenFile>(found)) return file;
  return tl::unexpected(std::holds_alternative<OpenDirectory>(*found) ? Errno::kIsdir : on_stream);
}

tl::expected<vfs::Directory*, Errno> Descriptors::directory(std::uint32_t fd) {
  Descriptor* found = find(fd);
  if (found == nullptr) return tl::unexpected(Errno::kBadf);
  auto* open = std::get_if<OpenDirectory>(found);
  if (open == nullptr) return tl::unexpected(Errno::kNotdir);
  if (!open->directory) {
    auto root = open->preopen->tree->open_root();
    if (!root) return tl::unexpected(errno_of(root.error()));
    open->directory = std::move(*root);
  }
  return open->directory.get();
}

std::uint32_t Descriptors::add(Descriptor opened) {
  ++open_;
  const auto free = std::ranges::find_if_not(table_, is_open);
  const auto fd = static_cast<std::uint32_t>(free - table_.begin());
  if (free == table_.end()) table_.push_back(std::move(opened));
  else *free = std::move(opened);
  return fd;
}

bool Descriptors::close(std::uint32_t fd) {
  Descriptor* found = find(fd);
  if (found == nullptr) return false;
  *found = Closed();
  --open_;
  return true;
}

bool Descriptors::renumber(std::uint32_t from, std::uint32_t to) {
  Descriptor* source = find(from);
  Descriptor* target = find(to);
  if (source == nullptr || target == nullptr) return false;
  if (source == target) return true;
  *target = std::exchange(*source, Closed());
  --open_;
  return true;
}

}  // namespace mayfly::sandbox::wasi
