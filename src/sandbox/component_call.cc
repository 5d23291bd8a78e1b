#include "sandbox/component_call.h"

#include "sandbox/component/border.h"
#include "sandbox/handle.h"

#include <span>
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

std::vector<mayfly_field_t> fields_of(const http::Fields& fields) {
  std::vector<mayfly_field_t> made;
  made.reserve(fields.size());
  for (const auto& [name, value] : fields) made.push_back({bytes_of(name), bytes_of(value)});
  return made;
}

http::Fields to_fields(std::span<const mayfly_field_t> fields) {
  http::Fields made;
  made.reserve(fields.size());
  for (const mayfly_field_t& field : fields) made.add(view_of(field.name), view_of(field.value));
  return made;
}

}  // namespace

// What the engine wrote of the request's body last; it points into the guest's.
struct ComponentHost::Body {
  BodyPart part;
  std::vector<mayfly_field_t> trailers;
};

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

  static void read_body(void* self, mayfly_body_part_t* part) {
    ComponentHost& called = host(self);
    if (!called.body_) called.body_ = std::make_unique<Body>();
    Body& body = *called.body_;
    body.part = called.guest_.host().read_body();
    body.trailers = body.part.trailers != nullptr ? fields_of(*body.part.trailers) : std::vector<mayfly_field_t>();
    *part = {bytes_of(body.part.bytes), body.part.is_last, body.trailers.data(), body.trailers.size()};
  }

  static bool respond(void* self, std::uint16_t status, const mayfly_field_t* fields, std::size_t count) {
    http::Response head;
    head.status = status;
    head.fields = to_fields({fields, count});
    Guest& guest = host(self).guest_;
    return note(guest, guest.host().respond(std::move(head)));
  }

  static bool send(void* self, mayfly_bytes_t bytes) {
    Guest& guest = host(self).guest_;
    return note(guest, guest.host().send(view_of(bytes)));
  }

  static bool send_trailers(void* self, const mayfly_field_t* fields, std::size_t count) {
    Guest& guest = host(self).guest_;
    return note(guest, guest.host().send_trailers(to_fields({fields, count})));
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

mayfly_instance_t* ComponentHost::call(const mayfly_component_t* component, const EngineConfig& config) {
  const Inputs& inputs = guest_.inputs();
  std::vector<mayfly_bytes_t> arguments;
  for (const std::string& argument : inputs.arguments) arguments.push_back(bytes_of(argument));
  const std::vector<mayfly_field_t> environment = variables(inputs.environment);
  std::vector<mayfly_field_t> configured;
  if (inputs.table != nullptr) {
    for (const auto& [name, value] : *inputs.table) configured.push_back({bytes_of(name), bytes_of(value)});
  }
  mayfly_request_t request{};
  std::vector<mayfly_field_t> fields;
  if (inputs.request != nullptr) {
    fields = fields_of(inputs.request->fields);
    request = {
        .method = bytes_of(inputs.request->method),
        .target = bytes_of(inputs.request->target),
        .authority = bytes_of("localhost"),
        .fields = fields.data(),
        .field_count = fields.size(),
        .streams_body = inputs.streams_body,
    };
  }
  const mayfly_component_call_t made = {
      .instance = config.raw,
      .host = {this, Callbacks::at_home, Callbacks::has_room, Callbacks::write, Callbacks::read_body,
               Callbacks::respond, Callbacks::send, Callbacks::send_trailers},
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
      .input = bytes_of(inputs.standard_input),
      .request = inputs.request != nullptr ? &request : nullptr,
      .function = inputs.function,
      .result_bytes = guest_.limits().response_bytes,
  };
  return mayfly_component_call(component, &made);
}

}  // namespace mayfly::sandbox
