// Bytes in and out: fd_read, fd_write, fd_pread, fd_pwrite.

#include "sandbox/wasi/buffers.h"
#include "sandbox/wasi/preview1.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mayfly::sandbox::wasi {
namespace {

// The buffers of a call, once they and the place of its result are found to be inside the guest's memory.
Errno gather(const Guest& guest, std::uint32_t iovecs, std::uint32_t count, std::uint32_t result, IoBuffers& buffers) {
  if (const Errno bad = buffers.gather(guest.memory(), iovecs, count); bad != Errno::kSuccess) return bad;
  return guest.memory().slice(result, sizeof(std::uint32_t)) ? Errno::kSuccess : Errno::kFault;
}

std::string_view text_of(const iovec& buffer) { return {static_cast<const char*>(buffer.iov_base), buffer.iov_len}; }

// Done with the call, all of it.
Hosted<Errno> written(Guest& guest, std::uint32_t result, std::uint32_t bytes) {
  guest.progress = 0;
  return guest.memory().write(result, bytes) ? Errno::kSuccess : Errno::kFault;
}

// In parts, so that the loop gets its turn in between; waits for a client that does not keep up.
Hosted<Errno> write_output(Guest& guest, IoBuffers& buffers, std::uint32_t result) {
  for (const iovec& buffer : buffers.part(guest.progress, kHostCallBytes)) {
    if (!guest.host().output_ready()) return waiting();
    if (auto taken = guest.host().write_output(text_of(buffer)); !taken) {
      guest.stop(std::move(taken.error()));
      return stopped();
    }
    guest.progress += buffer.iov_len;
  }
  if (guest.progress == buffers.bytes()) return written(guest, result, buffers.bytes());
  guest.host().wake();
  return waiting();
}

// As above.
Hosted<Errno> write_file(Guest& guest, OpenFile& open, IoBuffers& buffers, std::uint32_t result) {
  if (!open.writable) return Errno::kBadf;
  const vfs::Buffers part = buffers.part(guest.progress, kHostCallBytes);
  if (part.empty()) return written(guest, result, buffers.bytes());
  const bool append = (open.flags & kFdAppend) != 0;
  const auto taken = open.file->write(part, append ? std::nullopt : std::optional(open.position));
  if (!taken || *taken == 0) {  // an error counts when nothing was written before it
    const auto done = static_cast<std::uint32_t>(std::exchange(guest.progress, 0));
    if (done > 0) return written(guest, result, done);
    return taken ? Errno::kIo : errno_of(taken.error());
  }
  open.position += *taken;
  if (append) {
    if (const auto stat = open.file->stat()) open.position = stat->size;
  }
  guest.progress += *taken;
  if (guest.progress == buffers.bytes()) return written(guest, result, buffers.bytes());
  guest.host().wake();
  return waiting();
}

// Writes every buffer, in order: programs ignore a short count (seed 002's does).
Hosted<Errno> fd_write(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count,
                       std::uint32_t result) {
  Descriptor* descriptor = guest.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  IoBuffers buffers;
  if (const Errno bad = gather(guest, iovecs, count, result, buffers); bad != Errno::kSuccess) return bad;
  if (std::holds_alternative<StandardOutput>(*descriptor)) return write_output(guest, buffers, result);
  if (std::holds_alternative<StandardError>(*descriptor)) {
    for (const iovec& buffer : buffers.all()) guest.host().write_log(text_of(buffer));
    return written(guest, result, buffers.bytes());
  }
  if (auto* file = std::get_if<OpenFile>(descriptor)) return write_file(guest, *file, buffers, result);
  return std::holds_alternative<OpenDirectory>(*descriptor) ? Errno::kIsdir : Errno::kBadf;
}

std::uint32_t read_input(Guest& guest, StandardInput& input, const IoBuffers& buffers) {
  std::string_view left = guest.inputs().standard_input.substr(input.position);
  std::size_t total = 0;
  for (const iovec& buffer : buffers.all()) {
    const std::string_view part = left.substr(0, buffer.iov_len);
    std::ranges::copy(part, static_cast<char*>(buffer.iov_base));
    left.remove_prefix(part.size());
    total += part.size();
  }
  input.position += total;
  return static_cast<std::uint32_t>(total);
}

Hosted<Errno> read_file(Guest& guest, OpenFile& open, IoBuffers& buffers, std::uint64_t offset, std::uint32_t result,
                        bool moves) {
  if (!open.readable) return Errno::kBadf;
  const auto got = open.file->read(buffers.part(0, kHostCallBytes), offset);
  if (!got) return errno_of(got.error());
  if (moves) open.position += *got;
  return guest.memory().write(result, static_cast<std::uint32_t>(*got)) ? Errno::kSuccess : Errno::kFault;
}

// Into every buffer, up to kHostCallBytes of a file: fewer than asked for is not the end, which is 0.
Hosted<Errno> fd_read(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count, std::uint32_t result) {
  Descriptor* descriptor = guest.descriptors().find(fd);
  if (descriptor == nullptr) return Errno::kBadf;
  IoBuffers buffers;
  if (const Errno bad = gather(guest, iovecs, count, result, buffers); bad != Errno::kSuccess) return bad;
  if (auto* input = std::get_if<StandardInput>(descriptor)) {
    return guest.memory().write(result, read_input(guest, *input, buffers)) ? Errno::kSuccess : Errno::kFault;
  }
  if (auto* file = std::get_if<OpenFile>(descriptor)) {
    return read_file(guest, *file, buffers, file->position, result, true);
  }
  return std::holds_alternative<OpenDirectory>(*descriptor) ? Errno::kIsdir : Errno::kBadf;
}

Hosted<Errno> fd_pread(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count, std::uint64_t offset,
                       std::uint32_t result) {
  const auto file = guest.descriptors().file(fd, Errno::kSpipe);
  if (!file) return file.error();
  IoBuffers buffers;
  if (const Errno bad = gather(guest, iovecs, count, result, buffers); bad != Errno::kSuccess) return bad;
  return read_file(guest, **file, buffers, offset, result, false);
}

// Up to kHostCallBytes. Of a file that appends, at its end, as Linux does.
Hosted<Errno> fd_pwrite(Guest& guest, std::uint32_t fd, std::uint32_t iovecs, std::uint32_t count, std::uint64_t offset,
                        std::uint32_t result) {
  const auto file = guest.descriptors().file(fd, Errno::kSpipe);
  if (!file) return file.error();
  IoBuffers buffers;
  if (const Errno bad = gather(guest, iovecs, count, result, buffers); bad != Errno::kSuccess) return bad;
  OpenFile& open = **file;
  if (!open.writable) return Errno::kBadf;
  const bool append = (open.flags & kFdAppend) != 0;
  const auto taken = open.file->write(buffers.part(0, kHostCallBytes), append ? std::nullopt : std::optional(offset));
  if (!taken) return errno_of(taken.error());
  return guest.memory().write(result, static_cast<std::uint32_t>(*taken)) ? Errno::kSuccess : Errno::kFault;
}

constexpr std::array kFunctions = {
    host_function<fd_pread>(kModule, "fd_pread"),
    host_function<fd_pwrite>(kModule, "fd_pwrite"),
    host_function<fd_read>(kModule, "fd_read"),
    waiting_host_function<fd_write>(kModule, "fd_write"),
};

}  // namespace

std::span<const HostFunction> io_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::wasi
