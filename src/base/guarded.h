#pragma once

#include <mutex>
#include <utility>

namespace mayfly {

// A value that may only be reached while its mutex is held. The lock yields the pointer; a temporary lock
// cannot be dereferenced, so a reference never outlives it by accident.
template <typename T>
class Guarded {
 public:
  class Lock {
   public:
    T* operator->() & { return value_; }
    T& operator*() & { return *value_; }
    std::unique_lock<std::mutex>& mutex() & { return lock_; }

   private:
    friend class Guarded;
    Lock(std::mutex& mutex, T* value) : lock_(mutex), value_(value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  [[nodiscard]] Lock lock() { return Lock(mutex_, &value_); }

 private:
  std::mutex mutex_;
  T value_;
};

}  // namespace mayfly
