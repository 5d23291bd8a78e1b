#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace mayfly::sandbox {

// The one gate to a guest's linear memory. Addresses and lengths are 64 bits wide before any arithmetic. A slice
// is good until the guest runs again. We write to it, no system call does: engine/src/writes.rs.
class GuestMemory {
 public:
  GuestMemory() = default;
  GuestMemory(std::uint8_t* base, std::uint64_t size) : base_(base), size_(size) {}

  bool exists() const { return base_ != nullptr; }

  std::optional<std::span<std::uint8_t>> slice(std::uint64_t address, std::uint64_t length) const {
    if (length > size_ || address > size_ - length) return std::nullopt;
    return std::span(base_ + address, static_cast<std::size_t>(length));
  }

  std::optional<std::string_view> text(std::uint64_t address, std::uint64_t length) const {
    const auto bytes = slice(address, length);
    if (!bytes) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

  // Little-endian, as WebAssembly and every machine we run on.
  template <typename T>
  std::optional<T> read(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto bytes = slice(address, sizeof(T));
    if (!bytes) return std::nullopt;
    T value;
    std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }

  template <typename T>
  [[nodiscard]] bool write(std::uint64_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto bytes = slice(address, sizeof(T));
    if (!bytes) return false;
    std::memcpy(bytes->data(), &value, sizeof value);
    return true;
  }

 private:
  std::uint8_t* base_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace mayfly::sandbox
