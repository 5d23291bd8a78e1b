#include "sandbox/component/client.h"

#include "sandbox/component/border.h"

#include <vector>

namespace mayfly::sandbox::component {

// What the engine wrote of the request's body last; it points into the guest's.
struct Client::Body {
  BodyPart part;
  std::vector<mayfly_field_t> trailers;
};

struct Client::Callbacks {
  static Client& client(void* self) { return *static_cast<Client*>(self); }

  // Whether the guest goes on with it.
  static bool note(Client& client, const Status& done) {
    if (!done) client.stop_(done.error());
    return done.has_value();
  }

  static bool at_home(void* self) { return !client(self).guest_.is_away(); }
  static bool has_room(void* self) { return client(self).host_.output_ready(); }

  static void read_body(void* self, mayfly_body_part_t* part) {
    Client& called = client(self);
    if (!called.body_) called.body_ = std::make_unique<Body>();
    Body& body = *called.body_;
    body.part = called.host_.read_body();
    body.trailers = body.part.trailers != nullptr ? fields_of(*body.part.trailers) : std::vector<mayfly_field_t>();
    *part = {bytes_of(body.part.bytes), body.part.is_last, body.trailers.data(), body.trailers.size()};
  }

  static bool respond(void* self, std::uint16_t status, const mayfly_field_t* fields, std::size_t count) {
    http::Response head;
    head.status = status;
    head.fields = to_fields({fields, count});
    return note(client(self), client(self).host_.respond(std::move(head)));
  }

  static bool send(void* self, mayfly_bytes_t bytes) {
    return note(client(self), client(self).host_.send(view_of(bytes)));
  }

  static bool send_trailers(void* self, const mayfly_field_t* fields, std::size_t count) {
    return note(client(self), client(self).host_.send_trailers(to_fields({fields, count})));
  }
};

Client::Client(Guest& guest, GuestHost& host, std::function<void(Error)> stop)
    : guest_(guest), host_(host), stop_(std::move(stop)) {}
Client::~Client() = default;

void Client::with_request(const Inputs& inputs, const std::function<void(const EngineRequest&)>& use) {
  const auto fields = fields_of(inputs.request->fields);
  const auto trailers = fields_of(inputs.request->trailers);
  use({{
      .client = {this, Callbacks::at_home, Callbacks::has_room, Callbacks::read_body, Callbacks::respond,
                 Callbacks::send, Callbacks::send_trailers},
      .method = bytes_of(inputs.request->method),
      .target = bytes_of(inputs.request->target),
      .authority = bytes_of("localhost"),
      .fields = fields.data(),
      .field_count = fields.size(),
      .body = bytes_of(inputs.standard_input),
      .trailers = trailers.data(),
      .trailer_count = trailers.size(),
      .streams_body = inputs.streams_body,
  }});
}

}  // namespace mayfly::sandbox::component
