#include "invoke/pipeline.h"

#include "http/problem.h"
#include "invoke/pipe.h"
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

bool is_http(const registry::Version& version) { return version.facts().entry.kind == sandbox::Kind::kHttp; }

}  // namespace

// A stage that is called, or about to be: what it is sent, and where its response goes.
class Pipeline::Stage final : public ResponseSink {
 public:
  Stage(Pipeline& pipeline, std::size_t index, http::Request request)
      : pipeline_(pipeline), index_(index), request_(std::move(request)) {}

  std::size_t index() const { return index_; }
  const registry::Version& version() const { return *pipeline_.stages_[index_]; }
  const std::string& function() const { return version().function(); }
  bool is_last() const { return next() == nullptr; }
  // Null for the last.
  const registry::Version* next() const {
    return index_ + 1 < pipeline_.stages_.size() ? pipeline_.stages_[index_ + 1].get() : nullptr;
  }

  // The end to write to of the body that it will be sent.
  Pipe& make_input(std::optional<std::uint64_t> length) {
    return input_.emplace(length, [this] { return running_ && running_->waits_for_sandbox(); });
  }
  void write_to(Pipe& pipe) { output_ = &pipe; }
  void run(std::string body, BodySource* streamed_body);
  void run() { run("", &*input_); }
  void end() { running_.reset(); }  // its receipt comes here, unless it has come

  // Once it has ended.
  const std::optional<metrics::Receipt>& cost() const { return cost_; }
  metrics::StageReceipt receipt() const {
    return {function(),  version().facts().digest, status_, taken_, cost_->queue, cost_->guest,
            cost_->host, cost_->memory_peak};
  }

  // ResponseSink
  void respond(http::Response response) override;
  bool streams() const override { return is_last() || (is_http(version()) && is_http(*next())); }
  std::optional<std::size_t> most_bytes() const override;
  void start(http::Response head, std::optional<std::uint64_t> length) override;
  void write(std::string_view bytes) override { output_ ? output_->write(bytes) : pipeline_.sink_.write(bytes); }
  void finish(const http::Fields& trailers) override;
  void abort(http::Response problem) override;
  void account(const metrics::Receipt& receipt) override;
  bool writable() const override { return output_ ? output_->writable() : pipeline_.sink_.writable(); }
  void on_writable(std::function<void()> resume) override {
    output_ ? output_->on_writable(std::move(resume)) : pipeline_.sink_.on_writable(std::move(resume));
  }
  void watch_client() override { pipeline_.sink_.watch_client(); }

 private:
  Pipeline& pipeline_;
  const std::size_t index_;
  const http::Request request_;  // but for its body
  std::optional<Pipe> input_;    // that, where it streams
  Pipe* output_ = nullptr;       // the input of the next; null where it answers the client
  steady_clock::time_point started_;
  std::chrono::nanoseconds taken_{0};
  int status_ = 0;
  std::optional<metrics::Receipt> cost_;
  std::shared_ptr<Invocation> running_;
};

void Pipeline::Stage::run(std::string body, BodySource* streamed_body) {
  started_ = steady_clock::now();
  const CallRequest& whole = pipeline_.request_;
  const sandbox::abi::Call& call = whole.call;
  CallRequest request{
      .version = pipeline_.stages_[index_],
      .call = {.request = request_,
               .function = function(),
               .route = call.route,
               .script_name = call.script_name,
               .remote_address = call.remote_address,
               .server_name = call.server_name,
               .server_port = call.server_port,
               .body_bytes = body.size()},
      .body = std::move(body),
      .streamed_body = streamed_body,
      .request_id = whole.request_id,
      .seed_error = whole.seed_error,
      .pipeline = whole.version->function(),
  };
  running_ = std::make_shared<Invocation>(pipeline_.environment_, std::move(request), *this);
  const auto running = running_;  // it may answer at once, and be ended
  running->start();
  if (input_) input_->look_for_room();
}

void Pipeline::Stage::respond(http::Response response) {
  if (pipeline_.done_) return;
  status_ = response.status;
  if (is_last() || !is_success(response.status)) pipeline_.answer(std::move(response));
  else pipeline_.run_next(*this, std::move(response));
}

// Of one that streams, once it is known that this goes to the next stage; else no more than may be held of any request.
std::optional<std::size_t> Pipeline::Stage::most_bytes() const {
  if (is_last()) return std::nullopt;
  const std::size_t most = next()->settings().limits.request_bytes;
  if (!streams()) return std::min(most, sandbox::kHeldRequestBytes);
  return output_ ? std::optional(most) : std::nullopt;
}

void Pipeline::Stage::start(http::Response head, std::optional<std::uint64_t> length) {
  status_ = head.status;
  if (is_last() || !is_success(head.status)) pipeline_.start_answer(std::move(head), length);
  else pipeline_.stream_to_next(*this, head.fields, length);
}

void Pipeline::Stage::finish(const http::Fields& trailers) {
  if (output_ == nullptr) return pipeline_.finish(trailers);
  pipeline_.end_stages(index_);
  if (auto whole = output_->finish(trailers); !whole) {
    whole.error().message = fmt::format("stage `{}` of `{}`: {}", function(), pipeline_.request_.version->function(),
                                        whole.error().message);
    pipeline_.fail_with(std::move(whole.error()));
  }
}

void Pipeline::Stage::abort(http::Response problem) {
  if (output_ != nullptr) status_ = problem.status;
  pipeline_.end_with(std::move(problem));
}

void Pipeline::Stage::account(const metrics::Receipt& receipt) {
  cost_ = receipt;
  taken_ = steady_clock::now() - started_;
}

Pipeline::Pipeline(const Environment& environment, CallRequest request, std::vector<registry::VersionPtr> stages,
                   ResponseSink& sink)
    : environment_(environment),
      request_(std::move(request)),
      stages_(std::move(stages)),
      sink_(sink),
      timer_(environment.loop.io()) {}

Pipeline::~Pipeline() {
  if (!done_) conclude(/*succeeded=*/false);
}

void Pipeline::start() {
  started_ = steady_clock::now();
  limit_wall();
  add_stage(client_request()).run(std::move(request_.body), request_.streamed_body);
}

Pipeline::Stage& Pipeline::add_stage(http::Request request) {
  return *called_.emplace_back(std::make_unique<Stage>(*this, called_.size(), std::move(request)));
}

// An answer to HEAD has no body, which the next stage needs: the connection leaves out the last one's.
http::Request Pipeline::client_request() const {
  const http::Request& sent = request_.call.request;
  return {sent.method == "HEAD" ? "GET" : sent.method, sent.target, sent.minor_version, sent.fields, {}};
}

// The next stage sees the client's request, with the body of the answer before.
http::Request Pipeline::next_request(const http::Fields& head, std::optional<std::uint64_t> length,
                                     bool streams) const {
  http::Request request = client_request();
  for (const auto* name : kOfTheBody) request.fields.remove(name);
  for (const auto* name : {"Content-Type", "Content-Encoding", "Trailer"}) {
    const std::string* value = head.find(name);
    if (value != nullptr && (streams || name != std::string_view("Trailer"))) request.fields.add(name, *value);
  }
  if (length) request.fields.add("Content-Length", fmt::to_string(*length));
  return request;
}

Status Pipeline::check_whole(const Stage& before, const http::Response& response) const {
  const std::size_t most = before.next()->settings().limits.request_bytes;
  if (response.body.size() > most) {
    return fail(ErrorCode::kBodyTooLarge,
                fmt::format("stage `{}` takes a body of {} bytes, and `{}` made one of {}", before.next()->function(),
                            most, before.function(), response.body.size()));
  }
  const auto length = http::content_length(response.fields);
  if (length && *length != response.body.size()) {
    return fail(ErrorCode::kBadResponse, fmt::format("stage `{}` said that its body has {} bytes, and made {}",
                                                     before.function(), *length, response.body.size()));
  }
  return {};
}

void Pipeline::run_next(const Stage& before, http::Response response) {
  const auto keep = shared_from_this();  // the answer may destroy the connection, and it us
  if (auto whole = check_whole(before, response); !whole) return fail_with(std::move(whole.error()));
  end_stages(before.index());
  add_stage(next_request(response.fields, response.body.size(), /*streams=*/false))
      .run(std::move(response.body), nullptr);
}

// It is not run from here: the guest before is running.
void Pipeline::stream_to_next(Stage& before, const http::Fields& head, std::optional<std::uint64_t> length) {
  Stage& next = add_stage(next_request(head, length, /*streams=*/true));
  before.write_to(next.make_input(length));
  environment_.loop.post([weak = weak_from_this(), &next] {
    const auto self = weak.lock();
    if (self && !self->done_) next.run();
  });
}

void Pipeline::answer(http::Response response) {
  const auto keep = shared_from_this();
  end_stages(called_.size());
  add_timing(response);
  conclude(response.status < 500);
  sink_.respond(std::move(response));
}

void Pipeline::start_answer(http::Response head, std::optional<std::uint64_t> length) {
  status_ = head.status;
  add_timing(head);
  sink_.start(std::move(head), length);
}

void Pipeline::finish(const http::Fields& trailers) {
  const auto keep = shared_from_this();
  conclude(*status_ < 500);
  sink_.finish(trailers);
}

// As the answer, or by cutting off that which has begun.
void Pipeline::end_with(http::Response problem) {
  const auto keep = shared_from_this();
  if (!status_) return answer(std::move(problem));
  conclude(/*succeeded=*/false);
  sink_.abort(std::move(problem));
}

// For what no stage is at fault for alone; a stage's own failure comes as its response.
void Pipeline::fail_with(Error error) {
  environment_.log.write(std::move(LogLine("failure")
                                       .text("id", request_.request_id)
                                       .text("function", request_.version->function())
                                       .text("type", describe(error.code).slug)
                                       .text("reason", error.message)));
  end_with(http::problem(error, {.request_id = request_.request_id, .seed_error = request_.seed_error}));
}

// The first so many: those that still run are cancelled, as if their client had left. For when nobody reads what they
// make.
void Pipeline::end_stages(std::size_t count) {
  for (std::size_t index = 0; index < count; ++index) called_[index]->end();
}

void Pipeline::limit_wall() {
  timer_.expires_after(request_.version->settings().limits.wall);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->done_) return;
    self->fail_with({ErrorCode::kTooSlow, fmt::format("the pipeline was not done after its {} ms; it was at stage `{}`",
                                                      self->request_.version->settings().limits.wall.count(),
                                                      self->called_.back()->function())});
  });
}

// Of the stages that have ended.
void Pipeline::add_timing(http::Response& head) const {
  if (!request_.version->settings().server_timing) return;
  const std::string timing = server_timing(receipt().stages);
  if (!timing.empty()) head.fields.add("Server-Timing", timing);
}

metrics::Receipt Pipeline::receipt() const {
  metrics::Receipt sum;
  for (const auto& stage : called_) {
    if (!stage->cost()) continue;
    const metrics::Receipt& cost = *stage->cost();
    sum.stages.push_back(stage->receipt());
    sum.queue += cost.queue;
    sum.load += cost.load;
    sum.instantiate += cost.instantiate;
    sum.guest += cost.guest;
    sum.host += cost.host;
    sum.memory_peak = std::max(sum.memory_peak, cost.memory_peak);
    sum.bytes_out = cost.bytes_out;
    sum.egress += cost.egress;
  }
  return sum;
}

// The cost is counted with the stages.
void Pipeline::conclude(bool succeeded) {
  done_ = true;
  end_stages(called_.size());
  timer_.cancel();
  metrics::Invocations& metrics = request_.version->metrics();
  (succeeded ? metrics.succeeded : metrics.failed).fetch_add(1, std::memory_order_relaxed);
  metrics.duration.observe(steady_clock::now() - started_);
  sink_.account(receipt());
}

}  // namespace mayfly::invoke
