#pragma once

#include <cstddef>

namespace mayfly::sandbox::vfs {

// Memory that the files of one invocation may take.
class Space {
 public:
  Space(std::size_t bytes, std::size_t entries) : bytes_left_(bytes), entries_left_(entries) {}

  bool take(std::size_t bytes) {
    if (bytes > bytes_left_) return false;
    bytes_left_ -= bytes;
    return true;
  }
  void give_back(std::size_t bytes) { bytes_left_ += bytes; }

  bool take_entry(std::size_t bytes) {
    if (entries_left_ == 0 || !take(bytes)) return false;
    --entries_left_;
    return true;
  }
  void give_back_entry(std::size_t bytes) {
    ++entries_left_;
    give_back(bytes);
  }

  std::size_t bytes_left() const { return bytes_left_; }

 private:
  std::size_t bytes_left_;
  std::size_t entries_left_;
};

}  // namespace mayfly::sandbox::vfs
