#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct wasmtime_module;
struct wasm_engine_t;

namespace mayfly::sandbox {

enum class ExternKind { kFunction, kMemory, kTable, kGlobal, kOther };

struct Import {
  std::string module;
  std::string name;
  ExternKind kind;
};

struct Export {
  std::string name;
  ExternKind kind;
  bool returns_number = false;
  std::string_view why_not_callable = {};  // "" for a function without parameters that returns nothing or a number
};

// Sets what an export says of calls, by the engine's word for it: a mayfly_callable_t.
void set_callable(Export& found, std::uint8_t callable);

// What a module asks for and offers.
struct ModuleNames {
  std::vector<Import> imports;
  std::vector<Export> exports;

  const Export* find_export(std::string_view name) const;
};

// How code was compiled.
enum class Tier {
  kBaseline,  // fast, for code about half as fast: until the other is there
  kOptimised,
};

// A compiled core module: immutable, shared by every invocation on every thread.
class Module {
 public:
  explicit Module(wasmtime_module* compiled, Tier tier = Tier::kOptimised);  // takes it over
  ~Module();

  const ModuleNames& names() const { return names_; }
  const Export* find_export(std::string_view name) const { return names_.find_export(name); }
  const std::vector<Import>& imports() const { return names_.imports; }
  const std::vector<Export>& exports() const { return names_.exports; }
  // The memory it imports, as WebAssembly text of a module that exports such a one; "" when it imports none.
  const std::string& imported_memory() const { return imported_memory_; }

  Tier tier() const { return tier_; }
  const wasmtime_module* get() const { return compiled_; }

 private:
  wasmtime_module* compiled_;
  Tier tier_;
  ModuleNames names_;
  std::string imported_memory_;
};

// What an upload starts like.
enum class UploadKind { kBinary, kText, kComponent, kComponentText, kUnknown };
UploadKind sniff(std::string_view bytes);
// What is wrong with one that is kUnknown.
Error not_wasm(std::string_view bytes);

}  // namespace mayfly::sandbox
