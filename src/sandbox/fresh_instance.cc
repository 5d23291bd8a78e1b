#include "sandbox/fresh_instance.h"

#include "base/cycles.h"
#include "sandbox/engine.h"
#include "sandbox/handle.h"
#include "sandbox/host_function.h"

#include <mayfly_engine.h>

#include <bit>

namespace mayfly::sandbox {

using std::chrono::nanoseconds;

FreshInstance::FreshInstance(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
                             GuestHost& host)
    : Instance(limits), program_(std::move(program)), guest_(inputs, limits, host) {
  const EngineConfig config = {{
      .data = this,
      .on_tick = [](void* self) { return static_cast<mayfly_tick_t>(on_tick(self)); },
      .memory_bytes = limits.memory_bytes,
      .makes_image = inputs.makes_image,
  }};
  if (program_->component() == nullptr) {
    engine_instance_ = mayfly_instance_new(program_->engine().get(), program_->get(), &config.raw);
    return;
  }
  if (inputs.request != nullptr) client_.emplace(guest_, host, [this](Error why) { guest_.stop(std::move(why)); });
  component_.emplace(guest_);
  engine_instance_ = component_->call(program_->component(), config, client_ ? &*client_ : nullptr);
}

FreshInstance::~FreshInstance() { mayfly_instance_delete(engine_instance_); }

// No tick ends a guest inside a host function, which may work in many parts: it is asked there too.
bool FreshInstance::stop_when_over_time() {
  if (auto why = over_time(meter_.used(), guest_.limits(), deadline())) guest_.stop(std::move(*why));
  return guest_.why_stopped().has_value();
}

std::uint8_t FreshInstance::on_tick(void* self) {
  auto& instance = *static_cast<FreshInstance*>(self);
  // A tick hits whoever runs. Who has only just begun does not yield for it: most are done before the next.
  if (instance.meter_.just_begun()) return MAYFLY_TICK_T_CONTINUE;
  instance.meter_.tick();
  return instance.stop_when_over_time() ? MAYFLY_TICK_T_STOP : MAYFLY_TICK_T_YIELD;
}

Instance::Progress FreshInstance::resume(Where where) {
  program_->engine().epoch().guest_runs();
  guest_.set_away(where == Where::kAway);
  meter_.start();

  EngineOutcome ended;
  const mayfly_progress_t progress = mayfly_instance_poll(engine_instance_, &ended.raw);
  if (progress == MAYFLY_PROGRESS_T_SUSPENDED && meter_.ticked()) return Progress::kYielded;
  meter_.stop();
  if (progress != MAYFLY_PROGRESS_T_SUSPENDED) {
    outcome_ = conclude(guest_, progress == MAYFLY_PROGRESS_T_RETURNED, ended);
    return Progress::kEnded;
  }
  if (!stop_when_over_time()) return Progress::kWaiting;
  outcome_.error = guest_.why_stopped();
  return Progress::kEnded;
}

// Making the sandbox is the start of the first run.
Instance::Usage FreshInstance::usage() const {
  const mayfly_usage_t measured = mayfly_instance_usage(engine_instance_);
  Usage usage;
  usage.memory_peak = measured.memory_peak;
  usage.egress = guest_.egress_usage();
  usage.host = guest_.host_time();
  usage.instantiate = nanoseconds(measured.instantiate_ns);
  usage.guest = std::max(meter_.used() - usage.instantiate - usage.host, nanoseconds(0));
  return usage;
}

std::string FreshInstance::take_image() {
  Bytes image;
  return mayfly_instance_take_image(engine_instance_, &image) ? std::string(image.view()) : "";
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
  auto& instance = *static_cast<FreshInstance*>(wasmtime_context_get_data(context));
  if (!instance.memory_) instance.memory_ = find_memory(instance.engine_instance_, caller);
  Guest& guest = instance.guest_;
  if (instance.memory_) {
    const auto memory = std::bit_cast<wasmtime_memory_t>(*instance.memory_);
    guest.memory_ = GuestMemory(wasmtime_memory_data(context, &memory), wasmtime_memory_data_size(context, &memory));
  }
  return guest;
}

}  // namespace mayfly::sandbox
