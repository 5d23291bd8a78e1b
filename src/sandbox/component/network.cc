#include "sandbox/component/network.h"

#include "base/check.h"
#include "sandbox/component/border.h"
#include "sandbox/handle.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace mayfly::sandbox::component {

using egress::Address;
using egress::Destination;
using egress::Failure;
using egress::Reached;
using std::chrono::milliseconds;

namespace {

mayfly_failure_t reason_of(Failure::Why why) {
  switch (why) {
    case Failure::Why::kNotAllowed: return MAYFLY_FAILURE_T_NOT_ALLOWED;
    case Failure::Why::kBadUrl: return MAYFLY_FAILURE_T_BAD_URL;
    case Failure::Why::kBadMethod: return MAYFLY_FAILURE_T_BAD_METHOD;
    case Failure::Why::kBadFields: return MAYFLY_FAILURE_T_BAD_FIELDS;
    case Failure::Why::kUnknownName: return MAYFLY_FAILURE_T_UNKNOWN_NAME;
    case Failure::Why::kUnreachable: return MAYFLY_FAILURE_T_UNREACHABLE;
    case Failure::Why::kTimeout: return MAYFLY_FAILURE_T_TIMEOUT;
    case Failure::Why::kTooLarge: return MAYFLY_FAILURE_T_TOO_LARGE;
    case Failure::Why::kBroken: return MAYFLY_FAILURE_T_BROKEN;
  }
  return MAYFLY_FAILURE_T_BROKEN;
}

egress::HttpRequest request_of(const mayfly_outgoing_t& outgoing) {
  return {.method = std::string(view_of(outgoing.method)),
          .url = std::string(view_of(outgoing.url)),
          .fields = to_fields({outgoing.fields, outgoing.field_count}),
          .body = std::string(view_of(outgoing.body)),
          .streams_body = outgoing.streams_body,
          .length = outgoing.has_length ? std::optional(outgoing.length) : std::nullopt};
}

// What the guest gives a step, at most what the server does.
std::optional<milliseconds> time_of(std::uint64_t given_ms, milliseconds most) {
  if (given_ms == 0) return std::nullopt;
  return std::min(milliseconds(std::min<std::uint64_t>(given_ms, kLargest.wall.count())), most);
}

void answer(mayfly_fetch_t* fetch, const egress::HttpResponse& head) {
  const auto fields = fields_of(head.fields);
  const mayfly_answer_t made = {
      .status = static_cast<std::uint16_t>(head.status), .fields = fields.data(), .field_count = fields.size()};
  mayfly_fetch_answer(fetch, &made);
}

void answer(mayfly_lookup_t* lookup, const std::vector<Address>& addresses) {
  std::vector<std::string> texts;
  for (const Address& address : addresses) texts.push_back(address.to_string());
  std::vector<mayfly_bytes_t> numbers;
  for (const std::string& text : texts) numbers.push_back(bytes_of(text));
  mayfly_lookup_answer(lookup, numbers.data(), numbers.size());
}

}  // namespace

// One that the guest waits for; the engine's side of it is answered or deleted with it.
struct Network::Operation {
  Handle<mayfly_fetch_t, mayfly_fetch_delete> fetch;  // until it is over
  Handle<mayfly_lookup_t, mayfly_lookup_delete> lookup;
  std::unique_ptr<egress::HttpExchange> exchange;
  std::shared_ptr<void> search;
  http::Fields trailers;  // at the end of the response
  std::vector<mayfly_field_t> raw_trailers;
};

struct Network::Callbacks {
  static Network& network(void* self) { return *static_cast<Network*>(self); }

  static void fetch(void* self, std::uint64_t id, mayfly_fetch_t* fetch, const mayfly_outgoing_t* request) {
    Network& network = Callbacks::network(self);
    Guest& guest = network.guest_;
    if (network.held() >= kHttpHeldBytes) {
      network.note("wasi:http",
                   {Failure::Why::kTooLarge, fmt::format("{} bytes of responses wait to be read: read those, "
                                                         "or drop them, before another request",
                                                         network.held())});
      return mayfly_fetch_fail(fetch, MAYFLY_FAILURE_T_TOO_LARGE);
    }
    const milliseconds wall = guest.limits().wall;
    constexpr std::chrono::seconds kLonger{1};  // the limit of the guest is what ends a request that takes too long
    const egress::HttpLimits limits = {.response_bytes = 0,
                                       .time = wall + kLonger,
                                       .connect = time_of(request->connect_ms, wall),
                                       .first_byte = time_of(request->first_byte_ms, wall),
                                       .between_bytes = time_of(request->between_bytes_ms, wall)};
    auto& operation = network.running_[id] = std::make_unique<Operation>();
    operation->fetch.reset(fetch);
    operation->exchange = guest.host().egress().http().open(
        guest.egress_rules(), request_of(*request), limits, guest.egress_usage(),
        [&network, id](const Reached<egress::HttpResponse>& head) {
          if (head) answer(network.running_[id]->fetch.get(), *head);
          else network.fail(id, head.error());
          network.moved(id);
        },
        [&network, id] { network.moved(id); });
  }

  static bool write_body(void* self, std::uint64_t id, mayfly_bytes_t bytes, std::size_t* taken) {
    const auto running = network(self).running_.find(id);
    if (running == network(self).running_.end()) return false;
    const auto written = running->second->exchange->write(view_of(bytes));
    *taken = written.value_or(0);
    return written.has_value();
  }

  static void end_body(void* self, std::uint64_t id, const mayfly_field_t* trailers, std::size_t count) {
    const auto running = network(self).running_.find(id);
    if (running != network(self).running_.end()) running->second->exchange->end(to_fields({trailers, count}));
  }

  static void read_body(void* self, std::uint64_t id, mayfly_answer_part_t* part) {
    Network& network = Callbacks::network(self);
    *part = {};
    part->is_broken = true;
    part->why = MAYFLY_FAILURE_T_BROKEN;
    const auto running = network.running_.find(id);
    if (running == network.running_.end()) return;  // the guest's own request broke it off
    auto read = running->second->exchange->read();
    if (!read) {
      network.note("wasi:http", read.error());
      part->why = reason_of(read.error().why);
      network.end(id);
      return;
    }
    part->is_broken = false;
    part->part.bytes = bytes_of(read->bytes);
    if (!read->is_last) return;
    network.last_ = network.end(id);
    network.last_->trailers = std::move(read->trailers);
    network.last_->raw_trailers = fields_of(network.last_->trailers);
    part->part.is_last = true;
    part->part.trailers = network.last_->raw_trailers.data();
    part->part.trailer_count = network.last_->raw_trailers.size();
  }

  static void look_up(void* self, std::uint64_t id, mayfly_lookup_t* lookup, mayfly_bytes_t name) {
    Network& network = Callbacks::network(self);
    auto& operation = network.running_[id] = std::make_unique<Operation>();
    operation->lookup.reset(lookup);
    // A text that is no name cannot be in a rule.
    const std::string host = egress::canonical_host(view_of(name)).value_or(std::string(view_of(name)));
    operation->search = network.guest_.host().egress().finder().look_up(
        network.guest_.egress_rules(), host, [&network, id, host](const Reached<std::vector<Address>>& found) {
          const auto ended = network.end(id);
          if (!found || found->empty()) {
            const Failure failure =
                found ? Failure{Failure::Why::kUnknownName, fmt::format("there is no host `{}`", host)} : found.error();
            network.guest_.egress_usage().refused += failure.why == Failure::Why::kNotAllowed;
            network.note("wasi:sockets", failure);
            return mayfly_lookup_fail(ended->lookup.release(), reason_of(failure.why));
          }
          for (const Address& address : *found) network.names_[egress::unmapped(address)].insert(host);
          answer(ended->lookup.release(), *found);
        });
  }

  static void cancel(void* self, std::uint64_t id) { network(self).end(id); }

  static bool may_connect(void* self, mayfly_bytes_t address, std::uint16_t port) {
    return network(self).may_connect(std::string(view_of(address)), port);
  }
};

Network::Network(Guest& guest) : guest_(guest) {}

Network::~Network() = default;

EngineNetwork Network::callbacks() {
  return {{.data = this,
           .requests = kHttpRequests,
           .sockets = guest_.limits().sockets,
           .tcp = guest_.egress_rules().any_tcp(),
           .fetch = Callbacks::fetch,
           .write_body = Callbacks::write_body,
           .end_body = Callbacks::end_body,
           .read_body = Callbacks::read_body,
           .look_up = Callbacks::look_up,
           .cancel = Callbacks::cancel,
           .may_connect = Callbacks::may_connect}};
}

std::unique_ptr<Network::Operation> Network::end(std::uint64_t id) {
  auto ended = running_.extract(id);
  return ended.empty() ? nullptr : std::move(ended.mapped());
}

bool Network::idle() const {
  return std::ranges::all_of(running_, [](const auto& running) {
    return running.second->exchange != nullptr && running.second->exchange->is_over();
  });
}

std::size_t Network::held() const {
  std::size_t bytes = 0;
  for (const auto& [id, operation] : running_) bytes += operation->exchange ? operation->exchange->held() : 0;
  return bytes;
}

// Who waits for it looks again; one that is over counts no more as one that runs.
void Network::moved(std::uint64_t id) {
  const auto running = running_.find(id);
  if (running != running_.end() && running->second->exchange->is_over()) running->second->fetch.reset();
  guest_.host().wake();
}

void Network::fail(std::uint64_t id, const Failure& failure) {
  const auto ended = end(id);
  note("wasi:http", failure);
  mayfly_fetch_fail(ended->fetch.release(), reason_of(failure.why));
}

void Network::note(std::string_view what, const Failure& failure) {
  guest_.host().write_log(fmt::format("{}: {}\n", what, failure.message));
}

// By its number, or by a name that the guest was told it is the address of.
bool Network::may_connect(const std::string& number, std::uint16_t port) {
  const auto address = egress::parse_address(number);
  CHECK(address);
  std::vector<std::string> hosts = {number};
  if (const auto named = names_.find(*address); named != names_.end()) {
    hosts.insert(hosts.begin(), named->second.begin(), named->second.end());
  }
  std::optional<Failure> why;
  for (const std::string& host : hosts) {
    const Destination to{egress::Protocol::kTcp, host, port};
    const auto permitted = guest_.egress_rules().permits(to);
    const auto reached = permitted ? guest_.egress_rules().permitted(to, {*address})
                                   : Reached<std::vector<Address>>(tl::unexpected(permitted.error()));
    if (reached) {
      ++guest_.egress_usage().connections;
      return true;
    }
    if (!why) why = reached.error();
  }
  ++guest_.egress_usage().refused;
  note("wasi:sockets", *why);
  return false;
}

}  // namespace mayfly::sandbox::component
