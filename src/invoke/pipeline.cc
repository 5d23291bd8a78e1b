#include "invoke/pipeline.h"

#include "http/problem.h"
#include "invoke/server_timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::invoke {

using std::chrono::steady_clock;

namespace {

// What belongs to the body of the client's request (RFC 9110 section 8), and to nothing that a stage is sent.
constexpr std::array kOfTheBody = {"Content-Type",     "Content-Length", "Content-Encoding", "Content-Language",
                                   "Content-Location", "Content-Range",  "Content-Digest",   "Transfer-Encoding",
                                   "Trailer",          "Expect"};

bool is_success(int status) { return status >= 200 && status < 300; }

void add(metrics::Egress& sum, const metrics::Egress& part) {
  sum.connections += part.connections;
  sum.requests += part.requests;
  sum.refused += part.refused;
  sum.bytes_out += part.bytes_out;
  sum.bytes_in += part.bytes_in;
}

}  // namespace

Pipeline::Pipeline(const Environment& environment, CallRequest request, std::vector<registry::VersionPtr> stages,
                   ResponseSink& sink)
    : environment_(environment),
      request_(std::move(request)),
      stages_(std::move(stages)),
      sink_(sink),
      timer_(environment.loop.io()) {}

Pipeline::~Pipeline() {
  if (done_) return;
  running_.reset();  // its receipt comes here
  count(/*succeeded=*/false);
  sink_.account(receipt_);
}

void Pipeline::start() {
  started_ = steady_clock::now();
  // An answer to HEAD has no body, which the next stage needs: the connection leaves out the last one's.
  if (request_.call.request.method == "HEAD") own_request().method = "GET";
  limit_wall();
  run_next();
}

void Pipeline::run_next() {
  const registry::VersionPtr& version = stages_[next_++];
  stage_started_ = steady_clock::now();
  const sandbox::abi::Call& call = request_.call;
  CallRequest request{
      .version = version,
      .call = {.request = own_ ? *own_ : call.request,
               .function = version->function(),
               .route = call.route,
               .script_name = call.script_name,
               .remote_address = call.remote_address,
               .server_name = call.server_name,
               .server_port = call.server_port,
               .body_bytes = request_.body.size()},
      .body = std::move(request_.body),
      .streamed_body = std::exchange(request_.streamed_body, nullptr),
      .request_id = request_.request_id,
      .seed_error = request_.seed_error,
      .pipeline = request_.version->function(),
  };
  running_ = std::make_shared<Invocation>(environment_, std::move(request), *this);
  const auto running = running_;  // it may answer at once, and the next take its place
  running->start();
}

http::Request& Pipeline::own_request() {
  if (!own_) {
    const http::Request& sent = request_.call.request;
    own_ = http::Request{sent.method, sent.target, sent.minor_version, sent.fields, {}};
  }
  return *own_;
}

// The next stage sees the client's request, with this body.
Status Pipeline::hand_on(http::Response response) {
  const registry::Version& next = *stages_[next_];
  if (response.body.size() > next.settings().limits.request_bytes) {
    return fail(ErrorCode::kBodyTooLarge,
                fmt::format("stage `{}` takes a body of {} bytes, and `{}` made one of {}", next.function(),
                            next.settings().limits.request_bytes, stage().function(), response.body.size()));
  }
  const auto length = http::content_length(response.fields);
  if (length && *length != response.body.size()) {
    return fail(ErrorCode::kBadResponse, fmt::format("stage `{}` said that its body has {} bytes, and made {}",
                                                     stage().function(), *length, response.body.size()));
  }
  http::Fields& fields = own_request().fields;
  for (const auto* name : kOfTheBody) fields.remove(name);
  for (const auto* name : {"Content-Type", "Content-Encoding"}) {
    if (const std::string* value = response.fields.find(name)) fields.add(name, *value);
  }
  fields.add("Content-Length", fmt::to_string(response.body.size()));
  request_.body = std::move(response.body);
  return {};
}

void Pipeline::respond(http::Response response) {
  if (done_) return;
  const auto keep = shared_from_this();  // the answer may destroy the connection, and it us
  receipt_.stages.back().status = response.status;
  if (at_last() || !is_success(response.status)) return answer(std::move(response));
  if (auto handed = hand_on(std::move(response)); !handed) return fail_with(std::move(handed.error()));
  run_next();
}

// What the next stage takes, and no more than may be held of any request.
std::optional<std::size_t> Pipeline::most_held() const {
  if (at_last()) return std::nullopt;
  return std::min(stages_[next_]->settings().limits.request_bytes, sandbox::kHeldRequestBytes);
}

void Pipeline::start(http::Response head, std::optional<std::uint64_t> length) {
  status_ = head.status;
  add_timing(head);
  sink_.start(std::move(head), length);
}

void Pipeline::finish(const http::Fields& trailers) {
  const auto keep = shared_from_this();
  count(status_ < 500);
  sink_.account(receipt_);
  sink_.finish(trailers);
}

void Pipeline::abort() {
  const auto keep = shared_from_this();
  count(/*succeeded=*/false);
  sink_.account(receipt_);
  sink_.abort();
}

void Pipeline::account(const metrics::Receipt& receipt) {
  receipt_.stages.push_back({stage().function(), stage().facts().digest, status_, steady_clock::now() - stage_started_,
                             receipt.queue, receipt.guest, receipt.host, receipt.memory_peak});
  receipt_.queue += receipt.queue;
  receipt_.load += receipt.load;
  receipt_.instantiate += receipt.instantiate;
  receipt_.guest += receipt.guest;
  receipt_.host += receipt.host;
  receipt_.memory_peak = std::max(receipt_.memory_peak, receipt.memory_peak);
  receipt_.bytes_out = receipt.bytes_out;
  add(receipt_.egress, receipt.egress);
}

void Pipeline::answer(http::Response response) {
  count(response.status < 500);
  add_timing(response);
  sink_.account(receipt_);
  sink_.respond(std::move(response));
}

// For what no stage is at fault for alone; a stage's own failure comes as its response.
void Pipeline::fail_with(Error error) {
  environment_.log.write(std::move(LogLine("failure")
                                       .text("id", request_.request_id)
                                       .text("function", request_.version->function())
                                       .text("type", describe(error.code).slug)
                                       .text("reason", error.message)));
  answer(http::problem(error, {.request_id = request_.request_id, .seed_error = request_.seed_error}));
}

void Pipeline::limit_wall() {
  timer_.expires_after(request_.version->settings().limits.wall);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->done_) return;
    self->running_.reset();  // its receipt comes here
    if (self->status_ != 0) return self->abort();
    self->fail_with({ErrorCode::kTooSlow,
                     fmt::format("the pipeline was not done after its {} ms; it was at stage `{}`",
                                 self->request_.version->settings().limits.wall.count(), self->stage().function())});
  });
}

void Pipeline::add_timing(http::Response& head) const {
  if (!request_.version->settings().server_timing) return;
  head.fields.add("Server-Timing", server_timing(receipt_.stages));
}

// The cost is counted with the stages.
void Pipeline::count(bool succeeded) {
  done_ = true;
  timer_.cancel();
  metrics::Invocations& metrics = request_.version->metrics();
  (succeeded ? metrics.succeeded : metrics.failed).fetch_add(1, std::memory_order_relaxed);
  metrics.duration.observe(steady_clock::now() - started_);
}

}  // namespace mayfly::invoke
