#pragma once

#include "base/result.h"
#include "sandbox/capabilities.h"
#include "sandbox/kind.h"
#include "sandbox/limits.h"
#include "sandbox/shelf.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct mayfly_component_t;
struct mayfly_program_t;

namespace mayfly::sandbox {

class Engine;

// A module or component linked to the host functions, with its entry point: what every invocation starts from.
// Immutable, shared by all threads; the engine outlives it.
class Program {
 public:
  struct Facts {
    EntryPoint entry;
    Abilities abilities = 0;
    Tier tier = Tier::kOptimised;
    bool takes_several = false;  // requests at once: a handler of wasi:http 0.3
    std::uint32_t modules = 1;   // in memory for it alone
  };
  Program(Engine& engine, mayfly_program_t* linked, Facts facts);       // takes `linked` over
  Program(Engine& engine, mayfly_component_t* component, Facts facts);  // and `component`
  ~Program();
  Program(const Program&) = delete;

  const EntryPoint& entry() const { return facts_.entry; }
  Abilities abilities() const { return facts_.abilities; }
  Tier tier() const { return facts_.tier; }
  Engine& engine() const { return engine_; }
  const mayfly_program_t* get() const { return linked_; }
  // Whether its instances can be put back to how they began.
  bool may_rewind() const { return may_rewind_; }
  Shelf& shelf() const { return shelf_; }
  const mayfly_component_t* component() const { return component_; }  // null for a module

  // Whether it can be given these.
  Status check(const Limits& limits) const;

  // Of kTyped: the function at a path below its name, `calc/add`; the paths, a line each; and the OpenAPI document, but
  // for what comes before its first member, `paths`.
  std::optional<std::size_t> find_function(std::string_view path) const;
  std::string function_paths() const;
  std::string openapi() const;

 private:
  Engine& engine_;
  mayfly_program_t* linked_ = nullptr;
  mayfly_component_t* component_ = nullptr;
  const bool may_rewind_ = false;
  Facts facts_;
  mutable Shelf shelf_{engine_};
};

}  // namespace mayfly::sandbox
