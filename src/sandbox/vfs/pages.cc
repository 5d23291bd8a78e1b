#include "sandbox/vfs/pages.h"

#include <algorithm>
#include <cstring>

namespace mayfly::sandbox::vfs {
namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;  // bytes; so that no sum below overflows

}  // namespace

std::size_t Pages::read(Buffers into, std::uint64_t offset) const {
  std::size_t total = 0;
  for (const iovec& buffer : into) {
    auto* to = static_cast<std::uint8_t*>(buffer.iov_base);
    std::size_t left =
        offset < size_ ? static_cast<std::size_t>(std::min<std::uint64_t>(buffer.iov_len, size_ - offset)) : 0;
    total += left;
    while (left > 0) {
      const std::size_t at = offset % kPage;
      const std::size_t part = std::min(left, kPage - at);
      const std::uint64_t index = offset / kPage;
      if (index < pages_.size() && pages_[index]) std::memcpy(to, pages_[index]->data() + at, part);
      else std::memset(to, 0, part);
      to += part;
      offset += part;
      left -= part;
    }
  }
  return total;
}

bool Pages::reserve(std::uint64_t index) {
  if (index < pages_.size() && pages_[index]) return true;
  const std::size_t slots = index < pages_.size() ? 0 : (index + 1 - pages_.size()) * sizeof(pages_[0]);
  if (!space_.take(kPage + slots)) return false;
  if (slots > 0) pages_.resize(index + 1);
  pages_[index] = std::make_unique<Page>();
  return true;
}

void Pages::release_from(std::size_t index) {
  if (index >= pages_.size()) return;
  std::size_t bytes = (pages_.size() - index) * sizeof(pages_[0]);
  for (std::size_t i = index; i < pages_.size(); ++i) bytes += pages_[i] ? kPage : 0;
  pages_.resize(index);
  space_.give_back(bytes);
}

Try<std::size_t> Pages::write(Buffers from, std::uint64_t offset) {
  std::size_t total = 0;
  for (const iovec& buffer : from) {
    const auto* bytes = static_cast<const std::uint8_t*>(buffer.iov_base);
    std::size_t left = buffer.iov_len;
    while (left > 0) {
      if (offset >= kLargestFile) return total > 0 ? Try<std::size_t>(total) : failed(EFBIG);
      if (!reserve(offset / kPage)) return total > 0 ? Try<std::size_t>(total) : failed(ENOSPC);
      const std::size_t at = offset % kPage;
      const std::size_t part = std::min(left, kPage - at);
      std::memcpy(pages_[offset / kPage]->data() + at, bytes, part);
      bytes += part;
      offset += part;
      left -= part;
      total += part;
      size_ = std::max(size_, offset);
    }
  }
  return total;
}

Try<void> Pages::resize(std::uint64_t size) {
  if (size > kLargestFile) return failed(EFBIG);
  release_from(static_cast<std::size_t>((size + kPage - 1) / kPage));
  if (size < size_ && size / kPage < pages_.size() && pages_[size / kPage]) {  // what was there is not to come back
    std::fill(pages_[size / kPage]->begin() + static_cast<std::ptrdiff_t>(size % kPage), pages_[size / kPage]->end(),
              0);
  }
  size_ = size;
  return {};
}

Try<void> Pages::allocate(std::uint64_t offset, std::uint64_t length) {
  if (offset > kLargestFile || length > kLargestFile - offset) return failed(EFBIG);
  if (length > space_.bytes_left() + size_) return failed(ENOSPC);
  for (std::uint64_t index = offset / kPage; index * kPage < offset + length; ++index) {
    if (!reserve(index)) return failed(ENOSPC);
  }
  size_ = std::max(size_, offset + length);
  return {};
}

}  // namespace mayfly::sandbox::vfs
