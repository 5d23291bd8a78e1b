#include "sandbox/engine.h"

#include "base/text.h"
#include "sandbox/code_cache.h"
#include "sandbox/limits.h"
#include "sandbox/linker.h"
#include "sandbox/mappings.h"

#include <fmt/format.h>
#include <mayfly_engine.h>

#include <algorithm>
#include <optional>

namespace mayfly::sandbox {
namespace {

tl::unexpected<Error> no_memory(std::string_view message) {
  return fail(ErrorCode::kServerMemory, fmt::format("no memory for the code of the function: {}", message));
}

// What the engine says about a module it refuses, as our error.
tl::unexpected<Error> refusal(std::string message) {
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (is_short_of_memory(message)) return no_memory(message);
  const auto code = says("exceeds the")                  ? ErrorCode::kOverPoolLimit
                    : says("the component imports what") ? ErrorCode::kUnknownImport
                    : says("cannot be called with JSON") ? ErrorCode::kUnsupportedType
                                                         : ErrorCode::kBadModule;
  return fail(code, std::move(message));
}

std::optional<Kind> kind_of(mayfly_world_t world) {
  switch (world) {
    case MAYFLY_WORLD_T_HTTP02:
    case MAYFLY_WORLD_T_HTTP03: return Kind::kHttp;
    case MAYFLY_WORLD_T_COMMAND: return Kind::kCommand;
    case MAYFLY_WORLD_T_EXEC: return Kind::kExec;
    case MAYFLY_WORLD_T_TYPED: return Kind::kTyped;
    case MAYFLY_WORLD_T_OTHER: break;
  }
  return std::nullopt;
}

#if defined(__SANITIZE_ADDRESS__)  // whose allocator, in the middle of the address space, leaves no room for two pools
constexpr std::uint32_t kMostSlots = kMaxSlots / 2;
#else
constexpr std::uint32_t kMostSlots = kMaxSlots;
#endif

// Of lines.
std::string comma_separated(std::string_view lines) {
  std::string list(lines.substr(0, lines.find_last_not_of('\n') + 1));
  for (auto at = list.find('\n'); at != std::string::npos; at = list.find('\n', at)) list.replace(at, 1, ", ");
  return list;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options) {
  const std::uint32_t slots = options.slots != 0 ? options.slots : std::min(slots_for(max_map_count()), kMostSlots);
  const std::uint32_t modules = options.modules != 0 ? options.modules : modules_for(max_map_count(), slots);
  mayfly_engine_config_t config = {
      .slots = slots + kIdleSandboxes,
      .stack_bytes = kStackBytes,
      .wasm_stack_bytes = kWasmStackBytes,
      .table_elements = kTableElements,
      .keep_resident_bytes = kKeepResidentBytes,
      .image_bytes = kImageBytes,
      .rewinding_mappings = rewinding_mappings(max_map_count()),
      .concurrent = false,
  };
  using EngineHandle = Handle<wasm_engine_t, wasm_engine_delete>;
  wasm_engine_t* made = nullptr;
  if (auto* error = mayfly_engine_new(&config, &made)) return fail(ErrorCode::kInternal, message_of(error));
  EngineHandle plain(made);
  config.concurrent = true;
  if (auto* error = mayfly_engine_new(&config, &made)) return fail(ErrorCode::kInternal, message_of(error));
  EngineHandle concurrent(made);

  Bytes fingerprint;
  mayfly_engine_fingerprint(plain.get(), &fingerprint);
  EngineInfo info{slots, modules, mayfly_pagemap_scan_available(), std::string(fingerprint.view())};
  std::unique_ptr<Engine> engine(new Engine(plain.release(), concurrent.release(), std::move(info), options));
  auto linker = make_linker(engine->engine_);
  if (!linker) return fail(std::move(linker.error()));
  engine->linker_ = linker->release();
  if (auto* error = mayfly_component_linker_new(engine->engine_, engine->concurrent_engine_, kImageBytes,
                                                &engine->component_linker_)) {
    return fail(ErrorCode::kInternal, message_of(error));
  }
  return engine;
}

Engine::Engine(wasm_engine_t* engine, wasm_engine_t* concurrent_engine, EngineInfo info, const EngineOptions& options)
    : engine_(engine),
      concurrent_engine_(concurrent_engine),
      info_(std::move(info)),
      cache_(std::make_unique<CodeCache>(options.cache_folder, options.shared_cache_folder, info_.fingerprint)),
      epoch_(std::make_unique<EpochTicker>([engine, concurrent_engine] {
        wasmtime_engine_increment_epoch(engine);
        wasmtime_engine_increment_epoch(concurrent_engine);
      })) {}

Engine::~Engine() {
  epoch_.reset();
  if (linker_ != nullptr) wasmtime_linker_delete(linker_);
  if (component_linker_ != nullptr) mayfly_component_linker_delete(component_linker_);
  wasm_engine_delete(concurrent_engine_);
  wasm_engine_delete(engine_);
}

namespace {

bool take(std::atomic<std::uint32_t>& used, std::uint32_t most) noexcept {
  if (used.fetch_add(1) < most) return true;
  used.fetch_sub(1);
  return false;
}

}  // namespace

bool Engine::take_slot() noexcept { return take(slots_used_, info_.slots); }
bool Engine::take_idle_slot() noexcept { return take(idle_slots_used_, kIdleSandboxes); }

std::unique_ptr<Module> Engine::find_compiled(std::string_view artefact) const {
  const auto file = cache_->find(artefact);
  if (!file) return nullptr;
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error(wasmtime_module_deserialize_file(engine_, file->c_str(), &module));
  return error ? nullptr : std::make_unique<Module>(module);
}

Result<std::unique_ptr<Module>> Engine::compile_code(std::string_view bytes, std::string_view artefact,
                                                     Want want) const {
  if (auto cached = find_compiled(artefact)) return cached;

  Bytes binary;
  switch (sniff(bytes)) {
    case UploadKind::kBinary: break;
    case UploadKind::kText:
      if (auto* error = wasmtime_wat2wasm(bytes.data(), bytes.size(), &binary)) return refusal(message_of(error));
      bytes = binary.view();
      break;
    case UploadKind::kComponent:
    case UploadKind::kComponentText:
      return fail(ErrorCode::kBadModule, "the file is a component, where a core module is needed");
    case UploadKind::kUnknown: return fail(not_wasm(bytes));
  }
  Bytes exposed;
  if (auto* error = mayfly_module_expose(as_bytes(bytes), bytes.size(), &exposed)) return refusal(message_of(error));
  if (exposed.size > 0) bytes = exposed.view();
  wasmtime_module_t* compiled = nullptr;
  if (want == Want::kSoon && bytes.size() >= kBaselineBytes) {
    Bytes code;
    if (auto* error = mayfly_compile_baseline(kImageBytes, as_bytes(bytes), bytes.size(), &code)) {
      return refusal(message_of(error));
    }
    if (auto* error = wasmtime_module_deserialize(engine_, as_bytes(code.view()), code.size, &compiled)) {
      return refusal(message_of(error));
    }
    return std::make_unique<Module>(compiled, Tier::kBaseline);
  }
  auto* error = want == Want::kSoon ? wasmtime_module_new(engine_, as_bytes(bytes), bytes.size(), &compiled)
                                    : mayfly_module_new_behind(engine_, as_bytes(bytes), bytes.size(), &compiled);
  if (error != nullptr) return refusal(message_of(error));
  auto made = std::make_unique<Module>(compiled);
  keep(*made, artefact);
  return made;
}

// Not behind what is optimised: there are no functions in it. What has just been compiled is in memory; what comes from
// the cache is mapped.
Result<std::unique_ptr<Module>> Engine::compile_image(std::string_view bytes, std::string_view artefact) const {
  if (auto cached = find_compiled(artefact)) return cached;
  wasmtime_module_t* compiled = nullptr;
  if (auto* error = wasmtime_module_new(engine_, as_bytes(bytes), bytes.size(), &compiled)) {
    return refusal(message_of(error));
  }
  auto made = std::make_unique<Module>(compiled);
  keep(*made, artefact);
  if (auto mapped = find_compiled(artefact)) return mapped;
  return made;
}

void Engine::keep_changes(std::string_view bytes, std::string_view artefact) const { cache_->keep(artefact, bytes); }

std::optional<std::string> Engine::find_changes(std::string_view artefact) const { return cache_->read(artefact); }

void Engine::keep(const Module& module, std::string_view artefact) const {
  Bytes code;
  if (const ErrorHandle failed(wasmtime_module_serialize(module.get(), &code)); !failed) {
    cache_->keep(artefact, code.view());
  }
}

Result<std::unique_ptr<Module>> Engine::compile(std::string_view bytes, std::string_view artefact, Want want,
                                                std::string_view other) const {
  auto module = compile_code(bytes, artefact, want);
  if (!module) return module;
  if (auto known = check_imports(**module, other); !known) return fail(std::move(known.error()));
  return module;
}

Result<std::shared_ptr<const Program>> Engine::link(const Module& module, EntryPoint entry) {
  std::unique_ptr<Module> memory;
  if (const std::string& text = module.imported_memory(); !text.empty()) {
    auto provider = compile_code(text, sha256_hex(text), Want::kSoon);
    if (!provider) return fail(std::move(provider.error()));
    memory = std::move(*provider);
  }
  return link(module, memory.get(), Start::kFresh, std::move(entry), nullptr, {});
}

Result<std::shared_ptr<const Program>> Engine::link(const Module& code, const Module& image, Start start,
                                                    EntryPoint entry, const Program* like, std::string_view changes) {
  return link(code, &image, start, std::move(entry), like, changes);
}

namespace {

// Of a program: its code, its image or whatever defines its memory, and the door between it and the host.
std::uint32_t modules_of(const Module* memory, const Program* like, std::string_view changes) {
  if (memory == nullptr) return 1;
  if (like == nullptr) return 3;
  return changes.empty() ? 1 : 0;
}

}  // namespace

Result<std::shared_ptr<const Program>> Engine::link(const Module& module, const Module* memory, Start start,
                                                    EntryPoint entry, const Program* like, std::string_view changes) {
  mayfly_program_t* linked = nullptr;
  auto* error =
      mayfly_program_new(linker_, module.get(), memory != nullptr ? memory->get() : nullptr, as_bytes(changes),
                         changes.size(), start == Start::kFresh ? MAYFLY_START_T_FRESH : MAYFLY_START_T_IMAGE,
                         as_bytes(entry.name), entry.name.size(), like != nullptr ? like->get() : nullptr, &linked);
  if (error != nullptr) {
    std::string message = message_of(error);
    if (is_short_of_memory(message)) return no_memory(message);
    // Names are known by now, so what does not fit is the type of an import.
    return fail(ErrorCode::kUnknownImport, std::move(message));
  }
  Program::Facts facts{.entry = std::move(entry),
                       .abilities = abilities_of(module.imports()),
                       .tier = module.tier(),
                       .modules = modules_of(memory, like, changes)};
  return std::make_shared<const Program>(*this, linked, std::move(facts));
}

Result<std::shared_ptr<const Program>> Engine::load(std::string_view bytes, std::string_view artefact,
                                                    std::string_view entry, Want want, const Program* before) {
  const UploadKind upload = sniff(bytes);
  if (upload == UploadKind::kComponent || upload == UploadKind::kComponentText) {
    return load_component(bytes, artefact, want, before);
  }
  const auto module = compile(bytes, artefact, want);
  if (!module) return fail(module.error());
  auto found = find_entry_point((*module)->names(), entry);
  if (!found) return fail(std::move(found.error()));
  return link(**module, std::move(*found));
}

Result<Engine::Component> Engine::compile_component(std::string_view bytes, std::string_view artefact,
                                                    Want want) const {
  mayfly_component_t* made = nullptr;
  if (const auto file = cache_->find(artefact)) {
    const ErrorHandle error(mayfly_component_load(component_linker_, as_bytes(*file), file->size(), &made));
    if (!error) return Component{made, Tier::kOptimised};
  }
  Bytes binary;
  if (sniff(bytes) == UploadKind::kComponentText) {
    if (auto* error = wasmtime_wat2wasm(bytes.data(), bytes.size(), &binary)) return refusal(message_of(error));
    bytes = binary.view();
  }
  const mayfly_compile_t how = want == Want::kOptimised         ? MAYFLY_COMPILE_T_BEHIND
                               : bytes.size() >= kBaselineBytes ? MAYFLY_COMPILE_T_BASELINE
                                                                : MAYFLY_COMPILE_T_NOW;
  if (auto* error = mayfly_component_new(component_linker_, as_bytes(bytes), bytes.size(), how, &made)) {
    return refusal(message_of(error));
  }
  if (how == MAYFLY_COMPILE_T_BASELINE) return Component{made, Tier::kBaseline};
  Bytes code;
  if (const ErrorHandle failed(mayfly_component_serialize(made, &code)); !failed) cache_->keep(artefact, code.view());
  return Component{made, Tier::kOptimised};
}

Result<std::shared_ptr<const Program>> Engine::load_component(std::string_view bytes, std::string_view artefact,
                                                              Want want, const Program* before) {
  const auto compiled = compile_component(bytes, artefact, want);
  if (!compiled) return fail(compiled.error());
  Handle<mayfly_component_t, mayfly_component_delete> component(compiled->made);
  if (before != nullptr && before->component() != nullptr) {
    mayfly_component_adopt(component.get(), before->component());
  }
  const mayfly_world_t world = mayfly_component_world(component.get());
  const auto kind = kind_of(world);
  if (!kind) {
    Bytes exports;
    mayfly_component_exports(component.get(), &exports);
    return fail(
        ErrorCode::kNoEntryPoint,
        fmt::format("the component exports no wasi:http handler, no wasi:cli/run and no function; it exports {}",
                    exports.size == 0 ? "nothing" : comma_separated(exports.view())));
  }
  Bytes imports;
  mayfly_component_imports(component.get(), &imports);
  Program::Facts facts{.entry = {*kind, ""},
                       .abilities = abilities_of_interfaces(imports.view()),
                       .tier = compiled->tier,
                       .takes_several = world == MAYFLY_WORLD_T_HTTP03};
  return std::make_shared<const Program>(*this, component.release(), std::move(facts));
}

}  // namespace mayfly::sandbox
