#pragma once

#include "base/cycles.h"
#include "sandbox/guest.h"

#include <mayfly_engine.h>
#include <tl/expected.hpp>

#include <span>
#include <string_view>
#include <type_traits>

namespace mayfly::sandbox {

// Why a host function did not return a value.
enum class Pause {
  kWait,  // suspend the guest; the function is called again, with the same arguments, after the next wake()
  kStop,  // end the guest; Guest::stop() or Guest::exit() says why
};

// What a host function returns. Only one that is defined as waiting may pause with kWait.
template <typename T>
using Hosted = tl::expected<T, Pause>;

inline tl::unexpected<Pause> waiting() { return tl::unexpected(Pause::kWait); }
inline tl::unexpected<Pause> stopped() { return tl::unexpected(Pause::kStop); }

// One import that guests may use. Made by host_function() and waiting_host_function() from a C++ function
// `Hosted<R>(Guest&, args...)`, whose signature gives the WebAssembly type: 32 and 64 bit integers, double.
struct HostFunction {
  std::string_view module;
  std::string_view name;
  std::string_view shape;  // as mayfly_linker_define_waiting: one letter a value, result after the colon
  wasmtime_func_unchecked_callback_t call = nullptr;
  mayfly_waiting_callback_t wait = nullptr;
};

// A call of a host function: finds its guest, gives that its memory for the length of the call, and takes the time.
class HostCall {
 public:
  explicit HostCall(wasmtime_caller_t* caller) : guest_(enter(caller)) {}
  ~HostCall() { guest_.host_cycles_ += cycles() - started_; }
  HostCall(const HostCall&) = delete;

  Guest& guest() { return guest_; }
  bool is_away() const { return guest_.away_; }

 private:
  static Guest& enter(wasmtime_caller_t* caller);

  const std::uint64_t started_ = cycles();
  Guest& guest_;
};

namespace detail {

template <typename T>
constexpr char letter() {
  if constexpr (std::is_same_v<T, double>) return 'D';
  else return sizeof(T) == 8 ? 'I' : 'i';
}

template <typename T>
T load(const wasmtime_val_raw_t& value) {
  if constexpr (std::is_same_v<T, double>) return value.f64;
  else if constexpr (sizeof(T) == 8) return static_cast<T>(value.i64);
  else return static_cast<T>(value.i32);
}

template <typename T>
void store(wasmtime_val_raw_t& value, T result) {
  if constexpr (std::is_same_v<T, double>) value.f64 = result;
  else if constexpr (sizeof(T) == 8) value.i64 = static_cast<std::int64_t>(result);
  else value.i32 = static_cast<std::int32_t>(result);
}

template <auto Function>
struct Trampoline;

template <typename R, typename... Args, Hosted<R> (*Function)(Guest&, Args...)>
struct Trampoline<Function> {
  static constexpr char kShape[] = {letter<Args>()..., ':', [] {
                                      if constexpr (std::is_void_v<R>) return '-';
                                      else return letter<R>();
                                    }()};

  static Hosted<R> invoke(Guest& guest, const wasmtime_val_raw_t* values) noexcept {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Function(guest, load<Args>(values[I])...);
    }(std::index_sequence_for<Args...>());
  }

  static wasm_trap_t* call(void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) noexcept {
    HostCall host_call(caller);
    const Hosted<R> result = invoke(host_call.guest(), values);
    if (!result) return wasmtime_trap_new("stopped by the host", 19);
    if constexpr (!std::is_void_v<R>) store(values[0], *result);
    return nullptr;
  }

  static mayfly_wait_t wait(wasmtime_caller_t* caller, wasmtime_val_raw_t* values) noexcept {
    HostCall host_call(caller);
    if (host_call.is_away()) return MAYFLY_WAIT_T_PENDING;
    const Hosted<R> result = invoke(host_call.guest(), values);
    if (!result) return result.error() == Pause::kWait ? MAYFLY_WAIT_T_PENDING : MAYFLY_WAIT_T_STOP;
    if constexpr (!std::is_void_v<R>) store(values[0], *result);
    return MAYFLY_WAIT_T_READY;
  }
};

}  // namespace detail

template <auto Function>
constexpr HostFunction host_function(std::string_view module, std::string_view name) {
  using T = detail::Trampoline<Function>;
  return {module, name, {T::kShape, sizeof T::kShape}, &T::call, nullptr};
}

template <auto Function>
constexpr HostFunction waiting_host_function(std::string_view module, std::string_view name) {
  using T = detail::Trampoline<Function>;
  return {module, name, {T::kShape, sizeof T::kShape}, nullptr, &T::wait};
}

}  // namespace mayfly::sandbox
