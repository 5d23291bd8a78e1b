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
  Program(Engine& engine, mayfly_program_t* linked, EntryPoint entry, Abilities abilities);  // takes `linked` over
  ~Program();
  Program(const Program&) = delete;

  const EntryPoint& entry() const { return entry_; }
  Abilities abilities() const { return abilities_; }
  Engine& engine() const { return engine_; }
  const mayfly_program_t* get() const { return linked_; }

 private:
  Engine& engine_;
  mayfly_program_t* linked_;
  EntryPoint entry_;
  Abilities abilities_;
};

}  // namespace mayfly::sandbox
