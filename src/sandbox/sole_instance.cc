#include "sandbox/sole_instance.h"

#include "sandbox/engine.h"
#include "sandbox/handle.h"

#include <mayfly_engine.h>

#include <algorithm>

namespace mayfly::sandbox {

using std::chrono::nanoseconds;

SoleInstance::SoleInstance(Sandbox& sandbox, const Limits& limits, bool is_first)
    : Instance(limits),
      sandbox_(sandbox),
      is_first_(is_first),
      host_time_before_(is_first ? nanoseconds(0) : sandbox.guest_.host_time()) {}

// No tick ends a guest inside a host function, which may work in many parts: it is asked there too.
bool SoleInstance::stop_when_over_time() {
  Guest& guest = sandbox_.guest_;
  if (auto why = over_time(meter_.used(), guest.limits(), deadline())) guest.stop(std::move(*why));
  return guest.why_stopped().has_value();
}

std::uint8_t SoleInstance::on_tick() {
  // A tick hits whoever runs. Who has only just begun does not yield for it: most are done before the next.
  if (meter_.just_begun()) return MAYFLY_TICK_T_CONTINUE;
  meter_.tick();
  return stop_when_over_time() ? MAYFLY_TICK_T_STOP : MAYFLY_TICK_T_YIELD;
}

Instance::Progress SoleInstance::resume(Where where) {
  sandbox_.program_->engine().epoch().guest_runs();
  sandbox_.guest_.set_away(where == Where::kAway);
  sandbox_.runs_ = this;
  meter_.start();

  EngineOutcome ended;
  const mayfly_progress_t progress = mayfly_instance_poll(sandbox_.engine_instance_, &ended.raw);
  if (progress == MAYFLY_PROGRESS_T_SUSPENDED && meter_.ticked()) return Progress::kYielded;
  meter_.stop();
  if (progress != MAYFLY_PROGRESS_T_SUSPENDED) {
    outcome_ = conclude(sandbox_.guest_, progress == MAYFLY_PROGRESS_T_RETURNED, ended);
    sandbox_.ended_well_ = !outcome_.error || sandbox_.guest_.exit_code();
    return Progress::kEnded;
  }
  if (!stop_when_over_time()) return Progress::kWaiting;
  outcome_.error = sandbox_.guest_.why_stopped();
  return Progress::kEnded;
}

// Making the sandbox is the start of the first run.
Instance::Usage SoleInstance::usage() const {
  const mayfly_usage_t measured = mayfly_instance_usage(sandbox_.engine_instance_);
  Usage usage;
  usage.memory_peak = measured.memory_peak;
  usage.egress = sandbox_.guest_.egress_usage();
  usage.host = sandbox_.guest_.host_time() - host_time_before_;
  if (is_first_) usage.instantiate = nanoseconds(measured.instantiate_ns);
  usage.guest = std::max(meter_.used() - usage.instantiate - usage.host, nanoseconds(0));
  return usage;
}

}  // namespace mayfly::sandbox
