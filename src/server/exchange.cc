#include "server/exchange.h"

#include "http/problem.h"
#include "server/connection.h"

#include <fmt/format.h>

namespace mayfly::server {

using http::Framing;
using std::chrono::steady_clock;

namespace {

void log_receipt(LogLine& line, const metrics::Receipt& receipt) {
  if (receipt.queue.count() > 0) line.number("queue_ns", receipt.queue.count());
  if (receipt.load.count() > 0) line.number("load_ns", receipt.load.count());
  line.number("instantiate_ns", receipt.instantiate.count()).number("guest_ns", receipt.guest.count());
  line.number("host_ns", receipt.host.count()).number("memory", receipt.memory_peak);
  const metrics::Egress& egress = receipt.egress;
  if (egress.connections + egress.requests > 0) {
    line.number("connections", egress.connections).number("requests", egress.requests);
    line.number("sent", egress.bytes_out).number("received", egress.bytes_in);
  }
  if (egress.refused > 0) line.number("egress_refused", egress.refused);
  if (receipt.stages.empty()) return;
  line.list("stages", receipt.stages, [](LogLine& object, const metrics::StageReceipt& stage) {
    object.text("function", stage.function).text("version", stage.version).number("status", stage.status);
    object.number("ns", stage.taken.count()).number("queue_ns", stage.queue.count());
    object.number("guest_ns", stage.guest.count()).number("host_ns", stage.host.count());
    object.number("memory", stage.memory_peak);
  });
}

// RFC 9110 section 6.5.1: trailers are for who asks for them.
bool accepts_trailers(const http::Request& request) {
  for (const http::Field& field : request.fields) {
    if (http::equals_ignoring_case(field.name, "TE") && field.value.find("trailers") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Exchange::Exchange(Connection& connection, http::Request request, std::string id)
    : connection_(&connection), request_(std::move(request)), id_(std::move(id)), received_(steady_clock::now()) {}

const std::string& Exchange::remote_address() const { return connection_->remote_address(); }
const std::string& Exchange::local_port() const { return connection_->local_port(); }
net::Loop& Exchange::loop() { return connection_->context().loop; }

void Exchange::fail(const Error& error) {
  if (describe(error.code).status >= 500 && connection_ != nullptr) {
    connection_->context().log.write(std::move(LogLine("error").text("id", id_).text("reason", error.message)));
  }
  respond(http::problem(error, {.request_id = id_, .seed_error = seed_}));
}

void Exchange::refuse_method(std::string_view allow) {
  const Error error{ErrorCode::kMethodNotAllowed, fmt::format("{} is not a method of this path", request_.method)};
  http::Response response = http::problem(error, {.request_id = id_, .seed_error = seed_});
  response.fields.add("Allow", allow);
  respond(std::move(response));
}

void Exchange::write_head(const http::Response& response, std::optional<std::size_t> length) {
  const bool bodiless = request_.method == "HEAD" || response.status == 204 || response.status == 304;
  if (bodiless) framing_ = Framing::Kind::kNoBody;
  else if (length) framing_ = Framing::Kind::kLength;
  else framing_ = request_.minor_version >= 1 ? Framing::Kind::kChunked : Framing::Kind::kUntilClose;

  request_.keep_alive = connection_->keeps_alive(request_) && framing_ != Framing::Kind::kUntilClose;
  status_ = response.status;
  http::write_head(connection_->output(), response,
                   {.framing = {framing_, length},
                    .keep_alive = request_.keep_alive,
                    .minor_version = request_.minor_version,
                    .date = connection_->context().date(),
                    .request_id = id_});
}

void Exchange::respond(http::Response response) {
  if (connection_ == nullptr) return;
  if (receiving_) request_.keep_alive = false;  // nobody wants the rest of the body
  write_head(response, response.body.size());
  if (framing_ != Framing::Kind::kNoBody) {
    connection_->output() += response.body;
    body_bytes_ = response.body.size();
  }
  done();
}

void Exchange::start(http::Response head, std::optional<std::uint64_t> length) {
  if (connection_ == nullptr) return;
  write_head(head, length);
  length_ = length;
}

void Exchange::write(std::string_view bytes) {
  if (connection_ == nullptr || framing_ == Framing::Kind::kNoBody) return;
  body_bytes_ += bytes.size();
  if (length_ && body_bytes_ > *length_) return cut();
  if (framing_ == Framing::Kind::kChunked) http::write_chunk(connection_->output(), bytes);
  else connection_->output() += bytes;
  connection_->flush();
}

void Exchange::finish(const http::Fields& trailers) {
  if (connection_ == nullptr) return;
  if (framing_ == Framing::Kind::kLength && body_bytes_ != length_) return cut();
  if (framing_ == Framing::Kind::kChunked) {
    http::write_last_chunk(connection_->output(), accepts_trailers(request_) ? trailers : http::Fields());
  }
  done();
}

void Exchange::cut() {
  if (connection_ == nullptr) return;
  log_access(*connection_);
  std::exchange(connection_, nullptr)->cut();
}

bool Exchange::writable() const { return connection_ == nullptr || !connection_->has_backlog(); }

void Exchange::on_writable(std::function<void()> resume) { resume_ = std::move(resume); }

void Exchange::watch_client() {
  if (connection_ != nullptr) connection_->watch();
}

std::string Exchange::take() {
  std::string taken = std::exchange(arrived_, {});
  if (receiving_ && connection_ != nullptr && !taken.empty()) connection_->body_taken();
  return taken;
}

void Exchange::begin_body(std::string start) {
  receiving_ = true;
  arrived_ = std::move(start);
}

void Exchange::receive(std::string bytes) {
  if (arrived_.empty()) arrived_ = std::move(bytes);
  else arrived_ += bytes;
  if (tell_) tell_();
}

void Exchange::end_body(http::Fields trailers) {
  request_.trailers = std::move(trailers);
  receiving_ = false;
  if (tell_) tell_();
}

void Exchange::fail_body(Error why) {
  failure_ = std::move(why);
  receiving_ = false;
  if (tell_) tell_();
}

void Exchange::done() {
  log_access(*connection_);
  std::exchange(connection_, nullptr)->exchange_done(request_.keep_alive);
}

// As nginx numbers it: a client that closed its request.
constexpr int kClientLeft = 499;

void Exchange::client_left(const Connection& connection) {
  if (logged_) return;
  work_.reset();  // and says what it has used
  if (status_ == 0) status_ = kClientLeft;
  log_access(connection);
}

void Exchange::log_access(const Connection& connection) {
  logged_ = true;
  LoopContext& context = connection.context();
  if (status_ != kClientLeft) {
    context.counters.responses[static_cast<std::size_t>(status_ / 100)].fetch_add(1, std::memory_order_relaxed);
  }
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - received_);
  LogLine line("request");
  line.text("id", id_).text("remote", connection.remote_address()).text("method", request_.method);
  line.text("target", request_.target).number("status", status_).number("bytes", body_bytes_);
  line.number("us", taken.count());
  if (!function_.empty()) line.text("function", function_);
  if (receipt_) log_receipt(line, *receipt_);
  context.log.write(std::move(line));
}

}  // namespace mayfly::server
