#include "sandbox/component_seat.h"

#include "sandbox/component/border.h"
#include "sandbox/warm_component.h"

#include <algorithm>

namespace mayfly::sandbox {

ComponentSeat::ComponentSeat(std::shared_ptr<WarmComponent> sandbox, const Inputs& inputs, GuestHost& host)
    : Instance(sandbox->guest_.limits()),
      sandbox_(std::move(sandbox)),
      host_(host),
      client_(sandbox_->guest_, host, [this](Error why) { stopped_ = std::move(why); }),
      is_first_(sandbox_->served_ == 0),
      per_seat_at_start_(sandbox_->per_seat_) {
  sandbox_->seat(*this, inputs);
}

ComponentSeat::~ComponentSeat() { sandbox_->leave(*this); }

Instance::Progress ComponentSeat::resume(Where where) {
  const bool ticked = !ended_ && sandbox_->poll(where, *this);
  if (ended_) return Progress::kEnded;
  if (auto why = over_time(usage().guest, sandbox_->guest_.limits(), deadline())) {
    outcome_.error = std::move(why);
    return Progress::kEnded;
  }
  return ticked ? Progress::kYielded : Progress::kWaiting;
}

// The first to come pays for making the sandbox, and who ends first for what all have done on the network since.
Instance::Usage ComponentSeat::usage() const {
  if (ended_) return usage_;
  const mayfly_usage_t measured = mayfly_instance_usage(sandbox_->engine_instance_);
  Usage usage;
  usage.memory_peak = measured.memory_peak;
  usage.egress = sandbox_->guest_.egress_usage();
  if (is_first_) usage.instantiate = std::chrono::nanoseconds(measured.instantiate_ns);
  const auto share = sandbox_->per_seat_ - per_seat_at_start_;
  usage.guest = std::max(share - usage.instantiate, std::chrono::nanoseconds(0));
  return usage;
}

bool ComponentSeat::may_move() const { return sandbox_->seats_.size() == 1 && sandbox_->component_.may_move(); }

void ComponentSeat::set_away(bool away) { sandbox_->is_away_ = away; }

}  // namespace mayfly::sandbox
