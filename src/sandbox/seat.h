#pragma once

#include "sandbox/component/client.h"
#include "sandbox/instance.h"

#include <chrono>
#include <memory>
#include <optional>

struct mayfly_job_t;

namespace mayfly::sandbox {

class WarmSandbox;

// An invocation in a sandbox that serves others too. Its CPU time is an even share of the sandbox's while it is there.
class Seat final : public Instance {
 public:
  // The sandbox has room. What is given outlives the seat.
  Seat(std::shared_ptr<WarmSandbox> sandbox, const Inputs& inputs, GuestHost& host);
  ~Seat() override;  // gives it up

  Progress resume(Where where = Where::kHome) override;
  Usage usage() const override;
  bool may_move() const override;
  void set_away(bool away) override;

 private:
  friend class WarmSandbox;

  const std::shared_ptr<WarmSandbox> sandbox_;
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
