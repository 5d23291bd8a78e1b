#include "sandbox/cpu_meter.h"

#include "sandbox/limits.h"

#include <ctime>

namespace mayfly::sandbox {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

nanoseconds thread_cpu_time() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

}  // namespace

void CpuMeter::start() {
  cpu_at_start_ = ticked_ ? std::optional(thread_cpu_time()) : std::nullopt;
  ticked_ = false;
  started_ = steady_clock::now();
}

void CpuMeter::tick() {
  const nanoseconds now = thread_cpu_time();
  used_ += cpu_at_start_ ? now - *cpu_at_start_ : steady_clock::now() - started_;
  cpu_at_start_ = now;
  ticked_ = true;
}

void CpuMeter::stop() { used_ += cpu_at_start_ ? thread_cpu_time() - *cpu_at_start_ : steady_clock::now() - started_; }

bool CpuMeter::just_begun() const { return !cpu_at_start_ && steady_clock::now() - started_ < kTick / 2; }

}  // namespace mayfly::sandbox
