#pragma once

#include "sandbox/capabilities.h"
#include "sandbox/kind.h"

#include <memory>

struct mayfly_program_t;

namespace mayfly::sandbox {

class Engine;

// A module linked to the host functions, with its entry point: what every invocation starts from. Immutable,
// shared by all threads; the engine outlives it.
class Program {
 public:
  struct Facts {
    EntryPoint entry;
    Abilities abilities = 0;
    Tier tier = Tier::kOptimised;
  };
  Program(Engine& engine, mayfly_program_t* linked, Facts facts);  // takes `linked` over
  ~Program();
  Program(const Program&) = delete;

  const EntryPoint& entry() const { return facts_.entry; }
  Abilities abilities() const { return facts_.abilities; }
  Tier tier() const { return facts_.tier; }
  Engine& engine() const { return engine_; }
  const mayfly_program_t* get() const { return linked_; }

 private:
  Engine& engine_;
  mayfly_program_t* linked_;
  Facts facts_;
};

}  // namespace mayfly::sandbox
