#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mayfly {
namespace {

class Fetched {
 public:
  bool fill(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
      if (used_ == bytes_.size() && !fetch()) return false;
      const std::size_t count = std::min(bytes.size(), bytes_.size() - used_);
      std::memcpy(bytes.data(), bytes_.data() + used_, count);
      explicit_bzero(bytes_.data() + used_, count);
      used_ += count;
      bytes = bytes.subspan(count);
    }
    return true;
  }

 private:
  bool fetch() {
    std::size_t have = 0;
    while (have < bytes_.size()) {
      const ssize_t got = ::getrandom(bytes_.data() + have, bytes_.size() - have, 0);
      if (got < 0 && errno != EINTR) return false;
      if (got > 0) have += static_cast<std::size_t>(got);
    }
    used_ = 0;
    return true;
  }

  std::array<std::uint8_t, 4096> bytes_;
  std::size_t used_ = bytes_.size();
};

}  // namespace

bool fill_random(std::span<std::uint8_t> bytes) {
  thread_local Fetched fetched;
  return fetched.fill(bytes);
}

}  // namespace mayfly
