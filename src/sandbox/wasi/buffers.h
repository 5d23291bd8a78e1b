#pragma once

#include "sandbox/guest_memory.h"
#include "sandbox/limits.h"
#include "sandbox/vfs/directory.h"
#include "sandbox/wasi/errno.h"

#include <array>
#include <cstdint>

namespace mayfly::sandbox::wasi {

// The buffers of an fd_read or fd_write, checked. On the stack of the guest, so that the many small writes of a
// program allocate nothing.
class IoBuffers {
 public:
  // kFault unless all of it is in the guest's memory; kInval for too many, or more bytes than 32 bits count.
  Errno gather(const GuestMemory& memory, std::uint32_t iovecs, std::uint32_t count);

  std::uint32_t bytes() const { return bytes_; }  // of all buffers as they were gathered
  // What follows the first `skipped` bytes, up to `most` bytes. Once: it is cut out in place.
  vfs::Buffers part(std::size_t skipped, std::size_t most);
  vfs::Buffers all() const { return {buffers_.data(), count_}; }

 private:
  std::array<iovec, kMaxIovecs> buffers_;  // the first count_
  std::size_t count_ = 0;
  std::uint32_t bytes_ = 0;
};

}  // namespace mayfly::sandbox::wasi
