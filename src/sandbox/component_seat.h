#pragma once

#include "sandbox/component/client.h"
#include "sandbox/instance.h"

#include <chrono>
#include <memory>
#include <optional>

struct mayfly_job_t;

namespace mayfly::sandbox {

class WarmComponent;

// An invocation in a sandbox that serves others too. Its CPU time is an even share of the sandbox's while it is there.
class ComponentSeat final : public Instance {
 public:
  // The sandbox has room. What is given outlives the seat.
  ComponentSeat(std::shared_ptr<WarmComponent> sandbox, const Inputs& inputs, GuestHost& host);
  ~ComponentSeat() override;  // gives it up

  Progress resume(Where where = Where::kHome) override;
  Usage usage() const override;
  bool may_move() const override;
  void set_away(bool away) override;

 private:
  friend class WarmComponent;

  const std::shared_ptr<WarmComponent> sandbox_;
  GuestHost& host_;
  component::Client client_;
  const bool is_first_;
  const std::chrono::nanoseconds per_seat_at_start_;
  mayfly_job_t* job_ = nullptr;
  Usage usage_;                   // in the end
  std::optional<Error> stopped_;  // by its client's side
  bool ended_ = false;            // the guest is done with it
};

}  // namespace mayfly::sandbox
