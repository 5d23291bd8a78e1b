#include "sandbox/instance.h"

#include "base/cycles.h"
#include "sandbox/engine.h"
#include "sandbox/handle.h"
#include "sandbox/host_function.h"

#include <fmt/format.h>
#include <mayfly_engine.h>

#include <bit>
#include <ctime>

namespace mayfly::sandbox {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

nanoseconds thread_cpu_time() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

std::optional<ErrorCode> code_of(mayfly_refusal_t refusal) {
  switch (refusal) {
    case MAYFLY_REFUSAL_T_BAD_JSON: return ErrorCode::kBadJson;
    case MAYFLY_REFUSAL_T_BAD_ARGUMENT: return ErrorCode::kBadArgument;
    case MAYFLY_REFUSAL_T_TOO_LARGE: return ErrorCode::kResponseTooLarge;
    case MAYFLY_REFUSAL_T_BAD_RESULT: return ErrorCode::kTrap;
    case MAYFLY_REFUSAL_T_NO_RESPONSE: return ErrorCode::kNoResponse;
    case MAYFLY_REFUSAL_T_BAD_RESPONSE: return ErrorCode::kBadResponse;
    case MAYFLY_REFUSAL_T_ERR:
    case MAYFLY_REFUSAL_T_NONE: break;
  }
  return std::nullopt;
}

}  // namespace

struct EngineOutcome {
  mayfly_outcome_t raw;
};

Instance::Instance(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host)
    : program_(std::move(program)),
      guest_(inputs, limits, host),
      started_(steady_clock::now()),
      deadline_(started_ + limits.wall) {
  const EngineConfig config = {{
      .data = this,
      .on_tick = [](void* self) { return static_cast<mayfly_tick_t>(on_tick(self)); },
      .memory_bytes = limits.memory_bytes,
  }};
  engine_instance_ = program_->component() != nullptr
                         ? component_.emplace(guest_).call(program_->component(), config)
                         : mayfly_instance_new(program_->engine().get(), program_->get(), &config.raw);
}

Instance::~Instance() { mayfly_instance_delete(engine_instance_); }

// The thread clock costs a system call, so a guest that ends within its first tick is measured by the steady one:
// nothing else runs on the loop meanwhile.
void Instance::measure_tick() {
  const nanoseconds now = thread_cpu_time();
  cpu_used_ += cpu_at_resume_ ? now - *cpu_at_resume_ : steady_clock::now() - resumed_;
  cpu_at_resume_ = now;
}

void Instance::check_time() {
  const Limits& limits = guest_.limits();
  if (cpu_used_ >= limits.cpu) {
    guest_.stop({ErrorCode::kTooSlow, fmt::format("the function used its {} ms of CPU time", limits.cpu.count())});
  } else if (steady_clock::now() >= deadline_) {
    guest_.stop({ErrorCode::kTooSlow, fmt::format("the function ran for its {} ms", limits.wall.count())});
  }
}

std::uint8_t Instance::on_tick(void* self) {
  auto& instance = *static_cast<Instance*>(self);
  // A tick hits whoever runs. Who has only just begun does not yield for it: most are done before the next.
  const bool just_begun = !instance.cpu_at_resume_ && steady_clock::now() - instance.resumed_ < kTick / 2;
  if (just_begun) return MAYFLY_TICK_T_CONTINUE;
  instance.measure_tick();
  instance.ticked_ = true;
  instance.check_time();
  return instance.guest_.stopped_ ? MAYFLY_TICK_T_STOP : MAYFLY_TICK_T_YIELD;
}

Instance::Progress Instance::resume(Where where) {
  program_->engine().epoch().guest_runs();
  guest_.away_ = where == Where::kAway;
  cpu_at_resume_ = ticked_ ? std::optional(thread_cpu_time()) : std::nullopt;
  ticked_ = false;
  resumed_ = steady_clock::now();

  EngineOutcome ended;
  const mayfly_progress_t progress = mayfly_instance_poll(engine_instance_, &ended.raw);
  if (progress == MAYFLY_PROGRESS_T_SUSPENDED && ticked_) return Progress::kYielded;
  cpu_used_ += cpu_at_resume_ ? thread_cpu_time() - *cpu_at_resume_ : steady_clock::now() - resumed_;
  if (progress == MAYFLY_PROGRESS_T_SUSPENDED) {
    check_time();  // no tick ends a guest inside a host function, which may work in many parts
    if (!guest_.stopped_) return Progress::kWaiting;
    outcome_.error = guest_.stopped_;
    return Progress::kEnded;
  }
  conclude(progress == MAYFLY_PROGRESS_T_RETURNED, ended);
  return Progress::kEnded;
}

// Making the sandbox is the start of the first run.
Instance::Usage Instance::usage() const {
  const mayfly_usage_t measured = mayfly_instance_usage(engine_instance_);
  Usage usage;
  usage.memory_peak = measured.memory_peak;
  usage.egress = guest_.egress_usage_;
  usage.host = cycles_to_time(guest_.host_cycles_);
  usage.instantiate = nanoseconds(measured.instantiate_ns);
  usage.guest = std::max(cpu_used_ - usage.instantiate - usage.host, nanoseconds(0));
  return usage;
}

void Instance::conclude(bool returned, EngineOutcome& ended) {
  const Bytes value(ended.raw.value);
  const Bytes reason(ended.raw.reason);
  const Bytes backtrace(ended.raw.backtrace);
  outcome_.value = value.view();
  if (ended.raw.exit_code >= 0) guest_.exit(static_cast<std::uint32_t>(ended.raw.exit_code));
  if (returned || guest_.exit_code_ == 0u) return;
  if (ended.raw.refusal == MAYFLY_REFUSAL_T_ERR) {
    outcome_.value = reason.view();
    outcome_.is_err = true;
    return;
  }

  if (guest_.exit_code_) {
    outcome_.error = Error{ErrorCode::kExitCode, fmt::format("the function exited with code {}", *guest_.exit_code_)};
    return;
  }
  outcome_.backtrace = backtrace.view();
  if (guest_.stopped_) {
    outcome_.error = guest_.stopped_;
  } else if (ended.raw.pool_exhausted) {
    outcome_.error = Error{ErrorCode::kOverloaded, "every sandbox of this kind is in use"};
  } else if (ended.raw.memory_denied) {
    outcome_.error = Error{ErrorCode::kOutOfMemory, fmt::format("the function needed more than its {} MiB of memory",
                                                                guest_.limits().memory_bytes >> 20)};
  } else if (const auto code = code_of(ended.raw.refusal)) {
    outcome_.error = Error{*code, std::string(reason.view())};
  } else {
    outcome_.error = Error{ended.raw.trapped ? ErrorCode::kTrap : ErrorCode::kInternal, std::string(reason.view())};
  }
}

namespace {

std::optional<EngineMemory> find_memory(const mayfly_instance_t* instance, wasmtime_caller_t* caller) {
  wasmtime_memory_t imported;
  if (mayfly_instance_imported_memory(instance, &imported)) return std::bit_cast<EngineMemory>(imported);
  wasmtime_extern_t exported;
  if (!wasmtime_caller_export_get(caller, "memory", 6, &exported) || exported.kind != WASMTIME_EXTERN_MEMORY) {
    return std::nullopt;
  }
  return std::bit_cast<EngineMemory>(exported.of.memory);
}

}  // namespace

// The memory is looked up by name once, and its place and size with each call: it may have grown.
Guest& HostCall::enter(wasmtime_caller_t* caller) {
  wasmtime_context_t* context = wasmtime_caller_context(caller);
  auto& instance = *static_cast<Instance*>(wasmtime_context_get_data(context));
  if (!instance.memory_) instance.memory_ = find_memory(instance.engine_instance_, caller);
  Guest& guest = instance.guest_;
  if (instance.memory_) {
    const auto memory = std::bit_cast<wasmtime_memory_t>(*instance.memory_);
    guest.memory_ = GuestMemory(wasmtime_memory_data(context, &memory), wasmtime_memory_data_size(context, &memory));
  }
  return guest;
}

}  // namespace mayfly::sandbox
