#pragma once

#include "sandbox/component/client.h"
#include "sandbox/component/files.h"
#include "sandbox/component/network.h"
#include "sandbox/guest.h"

#include <memory>
#include <string>

struct mayfly_instance_t;

namespace mayfly::sandbox {

struct EngineConfig;
class Program;

// The engine's calls from the inside of a component, on their way to its guest. Outlives the engine's instance.
class ComponentHost {
 public:
  explicit ComponentHost(Guest& guest);
  ~ComponentHost();

  // Whether it may run on another thread than its loop's: nothing that it has started there calls back.
  bool may_move() const { return network_.idle() && files_.idle(); }

  // Prepares an invocation, with the guest's inputs; of an HTTP component for one client, or without it, to be handed
  // requests. Nothing of it runs before it is polled. Returns `instance`, which
  // was put back, or one that is made when there is none.
  mayfly_instance_t* call(const Program& program, const EngineConfig& config, component::Client* client,
                          mayfly_instance_t* instance);

 private:
  struct Callbacks;

  Guest& guest_;
  std::string written_away_;  // to stdout, on another thread than the loop's
  component::Network network_;
  component::Files files_;
  const std::shared_ptr<ComponentHost*> alive_ = std::make_shared<ComponentHost*>(this);
};

}  // namespace mayfly::sandbox
