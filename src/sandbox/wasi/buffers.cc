#include "sandbox/wasi/buffers.h"

#include "sandbox/wasi/records.h"

#include <algorithm>
#include <limits>

namespace mayfly::sandbox::wasi {

Errno IoBuffers::gather(const GuestMemory& memory, std::uint32_t iovecs, std::uint32_t count) {
  if (count > kMaxIovecs) return Errno::kInval;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto given = memory.read<Iovec>(iovecs + i * sizeof(Iovec));
    const auto buffer = given ? memory.slice(given->address, given->length) : std::nullopt;
    if (!buffer) return Errno::kFault;
    total += given->length;
    if (total > std::numeric_limits<std::uint32_t>::max()) return Errno::kInval;
    if (!buffer->empty()) buffers_[count_++] = {buffer->data(), buffer->size()};
  }
  bytes_ = static_cast<std::uint32_t>(total);
  return Errno::kSuccess;
}

vfs::Buffers IoBuffers::part(std::size_t skipped, std::size_t most) {
  iovec* first = buffers_.data();
  iovec* end = first + count_;
  while (first != end && skipped >= first->iov_len) skipped -= (first++)->iov_len;
  if (first == end) return {};
  first->iov_base = static_cast<std::uint8_t*>(first->iov_base) + skipped;
  first->iov_len -= skipped;
  iovec* last = first;
  for (; last != end && most > 0; ++last) {
    last->iov_len = std::min(last->iov_len, most);
    most -= last->iov_len;
  }
  return {first, static_cast<std::size_t>(last - first)};
}

}  // namespace mayfly::sandbox::wasi
