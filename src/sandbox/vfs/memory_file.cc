#include "sandbox/vfs/memory_file.h"

#include <algorithm>
#include <cstring>

namespace mayfly::sandbox::vfs {
namespace {

std::size_t copy_out(std::string_view bytes, Buffers into) {
  std::size_t total = 0;
  for (const iovec& buffer : into) {
    const std::string_view part = bytes.substr(0, buffer.iov_len);
    if (part.empty()) continue;
    std::memcpy(buffer.iov_base, part.data(), part.size());
    bytes.remove_prefix(part.size());
    total += part.size();
  }
  return total;
}

}  // namespace

Try<std::size_t> MemoryFile::read(Buffers into, std::uint64_t offset) {
  if (const auto* pages = std::get_if<Pages>(&node_->content)) return pages->read(into, offset);
  const std::string_view bytes = std::get<std::string>(node_->content);
  return copy_out(bytes.substr(static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()))), into);
}

Try<Pages*> MemoryFile::changeable() {
  auto* pages = std::get_if<Pages>(&node_->content);
  if (pages == nullptr) return failed(EROFS);
  node_->touch();
  return pages;
}

Try<std::size_t> MemoryFile::write(Buffers from, std::optional<std::uint64_t> offset) {
  return changeable().and_then([&](Pages* pages) { return pages->write(from, offset.value_or(pages->size())); });
}

Try<void> MemoryFile::resize(std::uint64_t size) {
  return changeable().and_then([&](Pages* pages) { return pages->resize(size); });
}

Try<void> MemoryFile::allocate(std::uint64_t offset, std::uint64_t length) {
  return changeable().and_then([&](Pages* pages) { return pages->allocate(offset, length); });
}

Try<void> MemoryFile::set_times(const Times& times) {
  return changeable().map([&](Pages*) { node_->set_times(times); });
}

}  // namespace mayfly::sandbox::vfs
