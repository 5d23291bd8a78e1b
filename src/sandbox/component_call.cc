#include "sandbox/component_call.h"

#include "sandbox/component/border.h"
#include "sandbox/handle.h"
#include "sandbox/program.h"

#include <vector>

namespace mayfly::sandbox {
namespace {

std::vector<mayfly_field_t> variables(const std::vector<std::string>& environment) {
  std::vector<mayfly_field_t> made;
  for (const std::string_view variable : environment) {
    const auto equals = variable.find('=');
    made.push_back({bytes_of(variable.substr(0, equals)), bytes_of(variable.substr(equals + 1))});
  }
  return made;
}

}  // namespace

struct ComponentHost::Callbacks {
  static ComponentHost& host(void* self) { return *static_cast<ComponentHost*>(self); }

  // Whether the guest goes on.
  static bool note(Guest& guest, const Status& done) {
    if (!done) guest.stop(done.error());
    return done.has_value();
  }

  static bool at_home(void* self) {
    ComponentHost& called = host(self);
    if (called.guest_.is_away()) return false;
    if (!called.written_away_.empty()) {
      note(called.guest_, called.guest_.host().write_output(std::exchange(called.written_away_, {})));
    }
    return true;
  }

  static bool has_room(void* self) { return host(self).guest_.host().output_ready(); }

  static bool write(void* self, mayfly_stream_t stream, mayfly_bytes_t bytes) {
    Guest& guest = host(self).guest_;
    if (stream == MAYFLY_STREAM_T_STDOUT && guest.is_away()) {  // it had room at home; there is none here
      host(self).written_away_ += view_of(bytes);
      return true;
    }
    if (stream == MAYFLY_STREAM_T_STDOUT) return note(guest, guest.host().write_output(view_of(bytes)));
    guest.host().write_log(view_of(bytes));
    return true;
  }

  // From any thread, while the instance is there; it may be gone when the loop comes to it.
  static void wake(void* self) {
    host(self).guest_.host().loop().post([weak = std::weak_ptr(host(self).alive_)] {
      if (const auto alive = weak.lock()) (*alive)->guest_.host().wake();
    });
  }
};

ComponentHost::ComponentHost(Guest& guest) : guest_(guest), network_(guest), files_(guest) {}
ComponentHost::~ComponentHost() = default;

mayfly_instance_t* ComponentHost::call(const Program& program, const EngineConfig& config, component::Client* client,
                                       mayfly_instance_t* instance) {
  const Inputs& inputs = guest_.inputs();
  std::vector<mayfly_bytes_t> arguments;
  for (const std::string& argument : inputs.arguments) arguments.push_back(bytes_of(argument));
  const std::vector<mayfly_field_t> environment = variables(inputs.environment);
  std::vector<mayfly_field_t> configured;
  if (inputs.table != nullptr) {
    for (const auto& [name, value] : *inputs.table) configured.push_back({bytes_of(name), bytes_of(value)});
  }
  mayfly_component_call_t made = {
      .instance = config.raw,
      .host = {this, Callbacks::at_home, Callbacks::has_room, Callbacks::write},
      .outside = network_.callbacks().raw,
      .files = files_.callbacks().raw,
      .wake = Callbacks::wake,
      .wake_data = this,
      .arguments = arguments.data(),
      .argument_count = arguments.size(),
      .environment = environment.data(),
      .environment_count = environment.size(),
      .config = configured.data(),
      .config_count = configured.size(),
      .kept_bytes = kKeptBytes,
      .input = bytes_of(client == nullptr ? inputs.standard_input : ""),
      .request = nullptr,
      .function = inputs.function,
      .result_bytes = guest_.limits().response_bytes,
  };
  const auto call = [&] {
    if (instance == nullptr) instance = mayfly_component_call(program.component(), &made);
    else mayfly_component_begin(instance, program.component(), &made);
  };
  if (client == nullptr) {
    call();
  } else {
    client->with_request(inputs, [&](const EngineRequest& request) {
      made.request = &request.raw;
      call();
    });
  }
  return instance;
}

}  // namespace mayfly::sandbox
