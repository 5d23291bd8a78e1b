#include "bare_call.h"

#include <fmt/format.h>

#include <cstring>
#include <span>

namespace mayfly::bench {
namespace {

using sandbox::as_bytes;
using sandbox::Bytes;

using Store = sandbox::Handle<wasmtime_store_t, wasmtime_store_delete>;
using Future = sandbox::Handle<wasmtime_call_future_t, wasmtime_call_future_delete>;
using FuncType = sandbox::Handle<wasm_functype_t, wasm_functype_delete>;

void check(std::string_view what, wasmtime_error_t* error, wasm_trap_t* trap = nullptr) {
  if (error != nullptr) die(what, sandbox::message_of(error));
  if (trap == nullptr) return;
  Bytes text;
  wasm_trap_message(trap, &text);
  die(what, text.view());
}

std::uint8_t* memory_of(wasmtime_caller_t* caller) {
  wasmtime_extern_t memory;
  wasmtime_caller_export_get(caller, "memory", 6, &memory);
  return wasmtime_memory_data(wasmtime_caller_context(caller), &memory.of.memory);
}

std::uint32_t u32(wasmtime_val_raw_t value) { return static_cast<std::uint32_t>(value.i32); }

wasm_trap_t* succeed(void*, wasmtime_caller_t*, wasmtime_val_raw_t* values, std::size_t) {
  values[0].i32 = 0;
  return nullptr;
}

// Answers with no environment, no arguments and an empty standard input: zeros, where two addresses say.
template <std::size_t First, std::size_t Second>
wasm_trap_t* zeros(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
  std::uint8_t* memory = memory_of(caller);
  std::memset(memory + u32(values[First]), 0, 4);
  std::memset(memory + u32(values[Second]), 0, 4);
  values[0].i32 = 0;
  return nullptr;
}

wasm_trap_t* fd_fdstat_get(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
  std::memset(memory_of(caller) + u32(values[1]), 0, 24);
  values[0].i32 = 0;
  return nullptr;
}

wasm_trap_t* fd_write(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
  std::uint8_t* memory = memory_of(caller);
  auto& output = *static_cast<std::string*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  std::uint32_t written = 0;
  for (std::uint32_t i = 0; i < u32(values[2]); ++i) {
    std::uint32_t iovec[2];
    std::memcpy(iovec, memory + u32(values[1]) + 8 * i, sizeof iovec);
    output.append(reinterpret_cast<const char*>(memory) + iovec[0], iovec[1]);
    written += iovec[1];
  }
  std::memcpy(memory + u32(values[3]), &written, sizeof written);
  values[0].i32 = 0;
  return nullptr;
}

wasm_trap_t* unexpected(void*, wasmtime_caller_t*, wasmtime_val_raw_t*, std::size_t) {
  return wasmtime_trap_new("a host function that a hello does not need", 42);
}

struct HostFunction {
  std::string_view name;
  std::string_view parameters;  // i for i32, I for i64
  wasmtime_func_unchecked_callback_t callback;
  bool returns = true;
};

constexpr HostFunction kFunctions[] = {
    {"environ_get", "ii", succeed},         {"environ_sizes_get", "ii", zeros<0, 1>},
    {"fd_fdstat_get", "ii", fd_fdstat_get}, {"fd_read", "iiii", zeros<3, 3>},
    {"fd_seek", "iIii", unexpected},        {"fd_write", "iiii", fd_write},
    {"proc_exit", "i", unexpected, false},
};

FuncType type_of(const HostFunction& function) {
  wasm_valtype_vec_t parameters;
  wasm_valtype_vec_t results;
  wasm_valtype_vec_new_uninitialized(&parameters, function.parameters.size());
  for (std::size_t i = 0; i < parameters.size; ++i) {
    parameters.data[i] = function.parameters[i] == 'i' ? wasm_valtype_new_i32() : wasm_valtype_new_i64();
  }
  wasm_valtype_vec_new_uninitialized(&results, function.returns ? 1 : 0);
  if (function.returns) results.data[0] = wasm_valtype_new_i32();
  return FuncType(wasm_functype_new(&parameters, &results));
}

void wait_for(wasmtime_call_future_t* future) {
  const Future owned(future);
  while (!wasmtime_call_future_poll(future)) continue;
}

}  // namespace

BareCall::BareCall(wasm_engine_t* engine, const Guest& guest, BareMode mode)
    : engine_(engine),
      guest_(guest),
      mode_(mode),
      returns_number_(guest.entry == "run"),
      linker_(wasmtime_linker_new(engine)) {
  constexpr std::string_view kModule = "wasi_snapshot_preview1";
  for (const HostFunction& function : kFunctions) {
    check(function.name, wasmtime_linker_define_func_unchecked(
                             linker_.get(), kModule.data(), kModule.size(), function.name.data(), function.name.size(),
                             type_of(function).get(), function.callback, nullptr, nullptr));
  }
  const std::string bytes = read_module(guest);
  wasmtime_module_t* module = nullptr;
  check(guest.name, wasmtime_module_new(engine, as_bytes(bytes), bytes.size(), &module));
  const sandbox::ModuleHandle owned(module);
  wasmtime_instance_pre_t* linked = nullptr;
  check(guest.name, wasmtime_linker_instantiate_pre(linker_.get(), module, &linked));
  linked_.reset(linked);
}

wasmtime_instance_t BareCall::instantiate(wasmtime_context_t* context) const {
  wasmtime_instance_t instance;
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  if (mode_ == BareMode::kAsync) {
    wait_for(wasmtime_instance_pre_instantiate_async(linked_.get(), context, &instance, &trap, &error));
  } else {
    error = wasmtime_instance_pre_instantiate(linked_.get(), context, &instance, &trap);
  }
  check(guest_.name, error, trap);
  return instance;
}

std::int32_t BareCall::call(wasmtime_context_t* context, const wasmtime_func_t& entry) const {
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  if (mode_ == BareMode::kAsync) {
    wasmtime_val_t result;
    wait_for(wasmtime_func_call_async(context, &entry, nullptr, 0, &result, returns_number_ ? 1 : 0, &trap, &error));
    check(guest_.name, error, trap);
    return returns_number_ ? result.of.i32 : 0;
  }
  wasmtime_val_raw_t result{};
  error = wasmtime_func_call_unchecked(context, &entry, &result, 1, &trap);
  check(guest_.name, error, trap);
  return result.i32;
}

void BareCall::operator()() {
  output_.clear();
  const Store store(wasmtime_store_new(engine_, &output_, nullptr));
  wasmtime_context_t* context = wasmtime_store_context(store.get());
  if (mode_ == BareMode::kAsync) {
    wasmtime_context_set_epoch_deadline(context, 1);
    wasmtime_context_epoch_deadline_async_yield_and_update(context, 1);
  } else {
    constexpr std::uint64_t kNever = 1ull << 40;  // ticks; without a way to yield, a tick would end the guest
    wasmtime_context_set_epoch_deadline(context, kNever);
  }
  const wasmtime_instance_t instance = instantiate(context);
  wasmtime_extern_t entry;
  if (!wasmtime_instance_export_get(context, &instance, guest_.entry.data(), guest_.entry.size(), &entry)) {
    die(guest_.name, "has no entry point");
  }
  const std::int32_t number = call(context, entry.of.func);
  if (returns_number_) output_ = fmt::format("{}", number);
  check_answer(guest_, output_);
}

}  // namespace mayfly::bench
