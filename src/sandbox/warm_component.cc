#include "sandbox/warm_component.h"

#include "sandbox/component/border.h"
#include "sandbox/component_seat.h"
#include "sandbox/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mayfly::sandbox {

// Called by the engine, in a poll at home.
struct WarmComponent::Callbacks {
  static void end(void* self, mayfly_refusal_t refusal, mayfly_bytes_t reason) {
    ComponentSeat& seat = *static_cast<ComponentSeat*>(self);
    std::optional<Error> error = seat.stopped_;
    if (!error && refusal != MAYFLY_REFUSAL_T_NONE) {
      error = Error{code_of_refusal(refusal).value_or(ErrorCode::kInternal), std::string(view_of(reason))};
    }
    seat.sandbox_->end(seat, std::move(error));
  }
};

WarmComponent::WarmComponent(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
                             Surroundings surroundings)
    : program_(std::move(program)),
      surroundings_(std::move(surroundings)),
      guest_(inputs, limits, *this),
      component_(guest_) {
  const EngineConfig config = {{
      .data = this,
      .on_tick = [](void* self) { return static_cast<mayfly_tick_t>(on_tick(self)); },
      .memory_bytes = limits.memory_bytes,
  }};
  engine_instance_ = component_.call(*program_, config, nullptr, nullptr);
}

WarmComponent::~WarmComponent() { mayfly_instance_delete(engine_instance_); }

bool WarmComponent::has_room() const {
  return !is_away_ && !is_done_ && seats_.size() < guest_.limits().reuse_concurrency;
}

std::unique_ptr<Instance> WarmComponent::enter(std::shared_ptr<WarmSandbox> self, const Inputs& inputs,
                                               GuestHost& host) {
  return std::make_unique<ComponentSeat>(std::static_pointer_cast<WarmComponent>(std::move(self)), inputs, host);
}

void WarmComponent::seat(ComponentSeat& seat, const Inputs& inputs) {
  ++taken_;
  is_done_ = ++served_ == guest_.limits().reuse;
  seats_.push_back(&seat);
  seat.client_.with_request(inputs, [&](const EngineRequest& request) {
    seat.job_ = mayfly_component_hand(engine_instance_, &request.raw, {&seat, Callbacks::end});
  });
}

// A request that is left in the middle leaves its part of the guest behind: nobody else comes in.
void WarmComponent::leave(ComponentSeat& seat) {
  mayfly_job_delete(seat.job_);
  if (std::erase(seats_, &seat) > 0) {
    is_done_ = true;
    guest_.egress_usage() = {};
  }
  --taken_;
  if (is_due_ && !seats_.empty()) seats_.front()->host_.wake();
  surroundings_.left();
}

bool WarmComponent::poll(Instance::Where where, const ComponentSeat& driver) {
  program_->engine().epoch().guest_runs();
  guest_.set_away(where == Instance::Where::kAway);
  is_due_ = false;
  meter_.start();

  EngineOutcome ended;
  const mayfly_progress_t progress = mayfly_instance_poll(engine_instance_, &ended.raw);
  const bool ticked = progress == MAYFLY_PROGRESS_T_SUSPENDED && meter_.ticked();
  if (!ticked) meter_.stop();
  charge();
  is_due_ = ticked;
  if (progress != MAYFLY_PROGRESS_T_SUSPENDED) end_all(progress == MAYFLY_PROGRESS_T_RETURNED, ended);
  for (ComponentSeat* seat : std::exchange(just_ended_, {})) {
    seat->usage_ = seat->usage();
    guest_.egress_usage() = {};
    seat->ended_ = true;
    if (seat != &driver) seat->host_.wake();
  }
  // Who was resumed may have ended in the poll that a tick suspended: then another goes on.
  if (is_due_ && driver.ended_ && !seats_.empty()) seats_.front()->host_.wake();
  return ticked;
}

// Who it was that ended the guest cannot be known, when there are several.
void WarmComponent::end_all(bool returned, const EngineOutcome& ended) {
  is_done_ = true;
  Outcome outcome = conclude(guest_, returned, ended);
  if (outcome.error && seats_.size() > 1) {
    outcome.error->message += fmt::format(", in a sandbox that served {} requests at once", seats_.size());
  }
  for (ComponentSeat* seat : std::exchange(seats_, {})) {
    seat->outcome_ = outcome;
    if (seat->stopped_) seat->outcome_.error = seat->stopped_;
    outcome.backtrace.clear();  // logged once
    just_ended_.push_back(seat);
  }
}

void WarmComponent::end(ComponentSeat& seat, std::optional<Error> error) {
  if (error) is_done_ = true;
  seat.outcome_.error = std::move(error);
  std::erase(seats_, &seat);
  just_ended_.push_back(&seat);
}

void WarmComponent::charge() {
  const auto used = meter_.used() - std::exchange(charged_, meter_.used());
  const auto present = seats_.size() + just_ended_.size();
  if (present > 0) per_seat_ += used / present;
}

// Who has used too much is asked where it is resumed.
std::uint8_t WarmComponent::on_tick(void* self) {
  auto& sandbox = *static_cast<WarmComponent*>(self);
  if (sandbox.meter_.just_begun()) return MAYFLY_TICK_T_CONTINUE;
  sandbox.meter_.tick();
  return sandbox.guest_.why_stopped() ? MAYFLY_TICK_T_STOP : MAYFLY_TICK_T_YIELD;
}

// What the guest prints has no request to it: it is taken for that of the last to come.
GuestHost* WarmComponent::speaker() const {
  if (!seats_.empty()) return &seats_.back()->host_;
  return just_ended_.empty() ? nullptr : &just_ended_.back()->host_;
}

Status WarmComponent::write_output(std::string_view bytes) {
  auto* host = speaker();
  return host != nullptr ? host->write_output(bytes) : Status();
}

void WarmComponent::write_log(std::string_view bytes) {
  if (auto* host = speaker()) host->write_log(bytes);
}

void WarmComponent::wake() {
  if (is_away_) return;  // it is polled anyway when it comes home
  is_due_ = true;
  if (!seats_.empty()) seats_.front()->host_.wake();
}

}  // namespace mayfly::sandbox
