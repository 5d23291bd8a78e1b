#pragma once

#include "sandbox/component_call.h"
#include "sandbox/cpu_meter.h"
#include "sandbox/guest.h"
#include "sandbox/instance.h"
#include "sandbox/program.h"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

struct mayfly_instance_t;

namespace mayfly::sandbox {

// The engine's handle of a memory, as bytes: its type stays out of headers.
struct alignas(8) EngineMemory {
  std::array<std::byte, 24> bytes;
};

// An invocation in a fresh sandbox, made for it and gone with it.
class FreshInstance final : public Instance {
 public:
  // The rest of what is given outlives the instance. Nothing of the guest runs before resume().
  FreshInstance(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host);
  ~FreshInstance() override;

  Progress resume(Where where = Where::kHome) override;
  Usage usage() const override;
  bool may_move() const override { return !component_ || component_->may_move(); }

  Guest& guest() { return guest_; }
  // The image that Inputs asked for, a module, binary; "" unless it has ended well.
  std::string take_image();

 private:
  friend class HostCall;
  static std::uint8_t on_tick(void* guest);

  bool stop_when_over_time();

  const std::shared_ptr<const Program> program_;
  Guest guest_;
  CpuMeter meter_;
  std::optional<ComponentHost> component_;   // for a component
  std::optional<component::Client> client_;  // for one that handles an HTTP request
  mayfly_instance_t* engine_instance_;
  std::optional<EngineMemory> memory_;  // the guest's, once a host function has found it
};

}  // namespace mayfly::sandbox
