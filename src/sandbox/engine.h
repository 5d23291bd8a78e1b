#pragma once

#include "base/result.h"
#include "sandbox/epoch.h"
#include "sandbox/program.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct mayfly_component_linker_t;
struct mayfly_component_t;
struct wasm_engine_t;
struct wasmtime_linker;

namespace mayfly::sandbox {

class CodeCache;

struct EngineOptions {
  std::string cache_folder;         // for compiled code; "" for none
  std::string shared_cache_folder;  // where there may be more of it; "" for none
  std::uint32_t slots = 0;          // invocations alive at once; 0 to derive from the machine
  std::uint32_t modules = 0;        // in memory at once; 0 to derive from the machine
};

// What was found out about the machine, for the start message and health.
struct EngineInfo {
  std::uint32_t slots;
  std::uint32_t modules;  // in memory at once, as far as whoever loads them can see to it
  bool pagemap_scan;      // memories are reset by scanning for dirty pages (Linux >= 6.7)
  std::string fingerprint;
};

// The process-wide engine: two of Wasmtime's, of which components with asynchronous functions have one to themselves,
// as that costs every store. Outlives everything made from it. Any thread.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;

  // Maps the code of an upload (a binary or text) from the cache, or compiles it, and checks its imports. `artefact` is
  // the SHA-256 of the bytes in hex. With kSoon, a large module that is not in the cache gets baseline code; with
  // kOptimised, compiling stays behind everything else. Blocks for as long as that takes: never on a loop.
  enum class Want { kOptimised, kSoon };
  // What it imports from the module `other` is not checked.
  Result<std::unique_ptr<Module>> compile(std::string_view bytes, std::string_view artefact,
                                          Want want = Want::kOptimised, std::string_view other = "") const;
  // Links a module to the host functions. Programs of one module share its code.
  Result<std::shared_ptr<const Program>> link(const Module& module, EntryPoint entry);
  // Code that imports its image; kFresh for the base of a split, which no instance has begun with. `like` is
  // another program of the code, if there is one: they share what the image has no part in.
  enum class Start { kFresh, kImage };
  // With `changes`, what is different in the image that is meant.
  Result<std::shared_ptr<const Program>> link(const Module& code, const Module& image, Start start, EntryPoint entry,
                                              const Program* like = nullptr, std::string_view changes = {});
  // An image, which is mapped from the cache where there is one.
  Result<std::unique_ptr<Module>> compile_image(std::string_view bytes, std::string_view artefact) const;
  // The same for changes of an image, which are not compiled.
  void keep_changes(std::string_view bytes, std::string_view artefact) const;
  std::optional<std::string> find_changes(std::string_view artefact) const;
  // What has been compiled before, optimised, mapped from the cache; null unless it is there.
  std::unique_ptr<Module> find_compiled(std::string_view artefact) const;
  // Both; `entry` as find_entry_point. With `before`, it takes the place of that program, and has what that has kept.
  Result<std::shared_ptr<const Program>> load(std::string_view bytes, std::string_view artefact, std::string_view entry,
                                              Want want = Want::kOptimised, const Program* before = nullptr);

  const EngineInfo& info() const { return info_; }
  wasm_engine_t* get() const { return engine_; }
  EpochTicker& epoch() { return *epoch_; }

  // Slots in use, of info().slots. A slot is taken before an instance is made.
  bool take_slot() noexcept;
  void return_slot() noexcept { slots_used_.fetch_sub(1); }
  // The same for a sandbox that waits for another request: those have slots of their own.
  bool take_idle_slot() noexcept;
  void return_idle_slot() noexcept { idle_slots_used_.fetch_sub(1); }
  std::uint32_t slots_used() const { return slots_used_.load(std::memory_order_relaxed); }

  // What programs are made of, of info().modules.
  std::uint32_t modules() const { return modules_.load(std::memory_order_relaxed); }
  void add_modules(std::uint32_t count) noexcept { modules_.fetch_add(count, std::memory_order_relaxed); }
  void remove_modules(std::uint32_t count) noexcept { modules_.fetch_sub(count, std::memory_order_relaxed); }

 private:
  Engine(wasm_engine_t* engine, wasm_engine_t* concurrent_engine, EngineInfo info, const EngineOptions& options);
  struct Component {
    mayfly_component_t* made;  // whoever gets it owns it
    Tier tier;
  };
  Result<Component> compile_component(std::string_view bytes, std::string_view artefact, Want want) const;
  Result<std::shared_ptr<const Program>> load_component(std::string_view bytes, std::string_view artefact, Want want,
                                                        const Program* before);
  Result<std::shared_ptr<const Program>> link(const Module& module, const Module* memory, Start start, EntryPoint entry,
                                              const Program* like, std::string_view changes);
  void keep(const Module& module, std::string_view artefact) const;
  Result<std::unique_ptr<Module>> compile_code(std::string_view bytes, std::string_view artefact, Want want) const;

  wasm_engine_t* engine_;
  wasm_engine_t* concurrent_engine_;  // for components that use asynchronous functions
  wasmtime_linker* linker_ = nullptr;
  mayfly_component_linker_t* component_linker_ = nullptr;
  EngineInfo info_;
  std::unique_ptr<CodeCache> cache_;
  std::unique_ptr<EpochTicker> epoch_;
  std::atomic<std::uint32_t> slots_used_ = 0;
  std::atomic<std::uint32_t> idle_slots_used_ = 0;
  std::atomic<std::uint32_t> modules_ = 0;
};

}  // namespace mayfly::sandbox
