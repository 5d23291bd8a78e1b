#pragma once

#include "sandbox/component_call.h"
#include "sandbox/fresh_pool.h"
#include "sandbox/guest.h"
#include "sandbox/image.h"
#include "sandbox/program.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

struct mayfly_instance_t;

namespace mayfly::sandbox {

class SoleInstance;

// The engine's handle of a memory, as bytes: its type stays out of headers.
struct alignas(8) EngineMemory {
  std::array<std::byte, 24> bytes;
};

// A guest in its store, for one invocation at a time: where host functions find it, and ticks whom they hit.
class Sandbox {
 public:
  // The rest of what is given outlives it. Nothing of the guest runs before its first invocation does. For one
  // invocation alone, its instance may come from a pool.
  Sandbox(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host,
          FreshPool* pool = nullptr);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;

  // Of a module: another call of its entry point, when the one before has returned.
  void begin_again();

  // The image that Inputs asked for; none unless it has ended well.
  Image take_image();

  Guest& guest() { return guest_; }
  bool may_move() const { return !component_ || component_->may_move(); }

 private:
  friend class HostCall;
  friend class SoleInstance;
  static std::uint8_t on_tick(void* sandbox);

  const std::shared_ptr<const Program> program_;
  FreshPool* const pool_;
  Guest guest_;
  SoleInstance* runs_ = nullptr;             // the invocation that was resumed last
  std::optional<ComponentHost> component_;   // for a component
  std::optional<component::Client> client_;  // for one that handles an HTTP request
  mayfly_instance_t* engine_instance_;
  bool ended_well_ = false;             // its last invocation
  std::optional<EngineMemory> memory_;  // the guest's, once a host function has found it
};

}  // namespace mayfly::sandbox
