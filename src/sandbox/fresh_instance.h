#pragma once

#include "sandbox/sole_instance.h"

#include <memory>

namespace mayfly::sandbox {

// An invocation in a fresh sandbox, made for it and gone with it.
class FreshInstance final : public SoleInstance {
 public:
  // The rest of what is given outlives the instance. Nothing of the guest runs before resume().
  FreshInstance(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host,
                FreshPool* pool = nullptr)
      : SoleInstance(own_, limits, true), own_(std::move(program), inputs, limits, host, pool) {}

  Guest& guest() { return own_.guest(); }
  // The image that Inputs asked for; none unless it has ended well.
  Image take_image() { return own_.take_image(); }

 private:
  Sandbox own_;
};

}  // namespace mayfly::sandbox
