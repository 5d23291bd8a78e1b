#include "sandbox/sandbox.h"

#include "sandbox/engine.h"
#include "sandbox/handle.h"
#include "sandbox/host_function.h"
#include "sandbox/module.h"
#include "sandbox/sole_instance.h"

#include <mayfly_engine.h>

#include <bit>

namespace mayfly::sandbox {

Sandbox::Sandbox(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits, GuestHost& host,
                 FreshPool* pool)
    : program_(std::move(program)), pool_(pool), guest_(inputs, limits, host) {
  EngineConfig config = {{
      .data = this,
      .on_tick = [](void* self) { return static_cast<mayfly_tick_t>(on_tick(self)); },
      .memory_bytes = limits.memory_bytes,
      .rewinds = false,
      .makes_image = inputs.makes_image,
      .image_since = inputs.image_since != nullptr ? inputs.image_since->get() : nullptr,
  }};
  engine_instance_ = pool_ != nullptr ? pool_->take(program_, config) : nullptr;
  if (program_->component() != nullptr) {
    if (inputs.request != nullptr) client_.emplace(guest_, host, [this](Error why) { guest_.stop(std::move(why)); });
    component_.emplace(guest_);
    engine_instance_ = component_->call(*program_, config, client_ ? &*client_ : nullptr, engine_instance_);
  } else if (engine_instance_ != nullptr) {
    mayfly_instance_begin(engine_instance_, &config.raw);
  } else {
    engine_instance_ = mayfly_instance_new(program_->engine().get(), program_->get(), &config.raw);
  }
}

Sandbox::~Sandbox() {
  if (pool_ != nullptr && ended_well_) pool_->give_back(*program_, guest_.limits().memory_bytes, engine_instance_);
  else mayfly_instance_delete(engine_instance_);
}

void Sandbox::begin_again() { mayfly_instance_again(engine_instance_); }

Image Sandbox::take_image() {
  Bytes bytes;
  Image image;
  if (mayfly_instance_take_image(engine_instance_, &bytes, &image.is_changes)) image.bytes = bytes.view();
  return image;
}

std::uint8_t Sandbox::on_tick(void* sandbox) { return static_cast<Sandbox*>(sandbox)->runs_->on_tick(); }

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
  auto& sandbox = *static_cast<Sandbox*>(wasmtime_context_get_data(context));
  if (!sandbox.memory_) sandbox.memory_ = find_memory(sandbox.engine_instance_, caller);
  Guest& guest = sandbox.guest_;
  if (sandbox.memory_) {
    const auto memory = std::bit_cast<wasmtime_memory_t>(*sandbox.memory_);
    guest.memory_ = GuestMemory(wasmtime_memory_data(context, &memory), wasmtime_memory_data_size(context, &memory));
  }
  return guest;
}

}  // namespace mayfly::sandbox
