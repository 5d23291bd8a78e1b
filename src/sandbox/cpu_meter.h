#pragma once

#include <chrono>
#include <optional>

namespace mayfly::sandbox {

// CPU time of a guest that runs a piece at a time. The thread clock costs a system call, so a piece that ends within
// its first tick is measured by the steady one: nothing else runs on the loop meanwhile.
class CpuMeter {
 public:
  void start();             // of a piece
  void tick();              // the guest is suspended by one; what the host does until start() is not its own
  void stop();              // of a piece that no tick has ended
  bool just_begun() const;  // since start(), before any tick
  bool ticked() const { return ticked_; }
  std::chrono::nanoseconds used() const { return used_; }

 private:
  std::chrono::steady_clock::time_point started_;
  std::optional<std::chrono::nanoseconds> cpu_at_start_;  // thread clock, known once the guest has been ticked
  std::chrono::nanoseconds used_{0};
  bool ticked_ = false;
};

}  // namespace mayfly::sandbox
