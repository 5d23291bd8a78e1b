#include "invoke/invocation.h"

#include "base/text.h"
#include "http/problem.h"
#include "invoke/limits.h"
#include "invoke/server_timing.h"
#include "sandbox/abi/typed.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::invoke {

using sandbox::Instance;
using sandbox::Kind;
using std::chrono::steady_clock;

Invocation::Invocation(const Environment& environment, CallRequest request, ResponseSink& sink)
    : environment_(environment), request_(std::move(request)), sink_(sink), timer_(environment.loop.io()) {}

Invocation::~Invocation() {
  if (state_ == State::kDone) return;
  metrics().failed.fetch_add(1, std::memory_order_relaxed);  // its client is gone
  finish(make_receipt());
}

void Invocation::start() {
  started_ = loaded_ = steady_clock::now();
  if (request_.streamed_body != nullptr) {
    request_.streamed_body->on_news([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_body_news();
    });
  }
  request_.version->called(started_);
  code_ = request_.version->loaded();
  if (code_ == nullptr) load();
  else enter();
}

void Invocation::load() {
  environment_.loader.load(request_.version, environment_.loop, [weak = weak_from_this()](const auto& loaded) {
    const auto self = weak.lock();
    if (!self) return;
    self->loaded_ = steady_clock::now();
    if (!loaded) return self->fail_with(loaded.error());
    self->code_ = *loaded;
    self->enter();
  });
}

// What a typed component is asked for; false when that needed no sandbox, and is answered.
bool Invocation::find_function() {
  const auto keep = shared_from_this();  // the answer may destroy the connection, and it us
  auto target = sandbox::abi::find_typed(*code_->program, request_.call, request_.version->facts().digest);
  if (const auto* function = std::get_if<std::size_t>(&target)) {
    function_ = *function;
    return true;
  }
  if (auto* refused = std::get_if<sandbox::abi::TypedRefusal>(&target)) {
    fail_with(std::move(refused->error), refused->allow);
  } else {
    answer(std::move(std::get<http::Response>(target)));
  }
  return false;
}

void Invocation::enter() {
  if (code_->program->entry().kind == Kind::kTyped && !find_function()) return;
  const auto entered =
      environment_.admission.enter(place_, request_.version, environment_.loop, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->state_ != State::kQueued) return;
        self->admitted_ = steady_clock::now();
        self->timer_.expires_at(steady_clock::time_point::max());
        self->run();
      });
  if (!entered) return fail_with(entered.error());
  if (*entered == Admission::Entry::kAdmitted) {
    admitted_ = loaded_;
    return run();
  }
  state_ = State::kQueued;
  limit_wait(steady_clock::now() + settings().limits.queue_time, [this] {
    metrics().refused.fetch_add(1, std::memory_order_relaxed);
    const bool machine_full = place_.waits_for_sandbox();
    return Error{machine_full ? ErrorCode::kOverloaded : ErrorCode::kTooManyRequests,
                 fmt::format("the request waited {} ms for {}", settings().limits.queue_time.count(),
                             machine_full ? "a sandbox: all are in use" : "its turn")};
  });
}

void Invocation::run() {
  if (environment_.turns.may_run_now()) return resume();
  state_ = State::kReady;
  environment_.turns.add_new(owner_of(*request_.version), weak_from_this());
}

// When its turn has come, not before: what waits is small, and what the sandbox before it used is still in the caches.
void Invocation::make_task() {
  auto inputs = sandbox::abi::make_inputs(code_->program->entry().kind, settings(), code_->mounts, request_.call);
  inputs.streams_body = request_.streamed_body != nullptr;
  inputs.function = function_;
  if (code_->program->entry().kind == Kind::kSource) {
    request_.body = sandbox::abi::source_input(request_.call, request_.body);
  }
  task_ = std::make_unique<Task>(
      environment_, Task::Parts{request_.version, std::move(code_), std::move(inputs), std::move(request_.body),
                                request_.request_id, weak_from_this(), std::move(place_)});
}

void Invocation::resume() {
  if (state_ == State::kDone) return;
  const auto keep = shared_from_this();  // the answer may destroy the connection, and it us
  if (!task_) make_task();
  state_ = State::kRunning;
  woken_ = false;
  go_on(task_->instance().resume(Instance::Where::kHome));
}

void Invocation::go_on(Instance::Progress progress) {
  switch (progress) {
    case Instance::Progress::kYielded:
      return ++ticks_ < kForegroundTicks || !task_->instance().may_move() ? take_turns() : go_away();
    case Instance::Progress::kWaiting: return wait();
    case Instance::Progress::kEnded: return conclude();
  }
}

void Invocation::make_ready() {
  state_ = State::kReady;
  environment_.turns.add(owner_of(*request_.version), weak_from_this());
}

void Invocation::take_turns() {
  state_ = State::kReady;
  environment_.turns.add_spent(owner_of(*request_.version), weak_from_this());
}

void Invocation::go_away() {
  state_ = State::kAway;
  limit_wall(kBackgroundGrace);
  if (is_streamed()) sink_.watch_client();
  away_ = task_.get();
  away_->instance().set_away(true);
  environment_.background.take(std::move(task_));
}

// A guest that waits there waits for its loop: it calls a host function that only works here, and may well do so again
// soon. One that still runs was sent home because the threads stop.
void Invocation::come_home(std::unique_ptr<Task> task, Instance::Progress progress) {
  away_ = nullptr;
  ticks_ = 0;
  const auto keep = shared_from_this();
  task_ = std::move(task);
  task_->instance().set_away(false);
  if (progress == Instance::Progress::kEnded) conclude();
  else make_ready();
}

void Invocation::wait() {
  if (std::exchange(woken_, false)) return make_ready();
  state_ = State::kWaiting;
  if (is_streamed()) sink_.watch_client();
  if (has_head() && !committed_ && sink_.streams()) {  // what it has sent so far does not wait with it
    if (auto sent = commit(); !sent) return fail_with(std::move(sent.error()));
  }
  limit_wall(std::chrono::milliseconds(0));
}

// Whether its response may take long, and be worth nothing to a client that is gone.
bool Invocation::is_streamed() const { return kind() == Kind::kHttp || kind() == Kind::kSource; }

bool Invocation::has_head() const {
  return head_ || (kind() == Kind::kSource && sandbox::abi::has_source_head(output_));
}

// A guest that waits, or has no turn in the background, sees no tick: its wall limit needs a timer.
void Invocation::limit_wall(std::chrono::milliseconds grace) {
  const auto deadline = task_->instance().deadline() + grace;
  if (timer_.expiry() == deadline) return;  // armed before
  limit_wait(deadline, [this] {
    return Error{ErrorCode::kTooSlow,
                 fmt::format("the function was not done after its {} ms", settings().limits.wall.count())};
  });
}

// When a wait has no end by then, the call has. A timer that is set anew may have its handler on the way already.
void Invocation::limit_wait(steady_clock::time_point until, std::function<Error()> why) {
  timer_.expires_at(until);
  timer_.async_wait([weak = weak_from_this(), until, why = std::move(why)](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->state_ == State::kDone || self->timer_.expiry() != until) return;
    self->fail_with(why());
  });
}

void Invocation::wake() {
  if (state_ == State::kWaiting) make_ready();
  else woken_ = state_ == State::kRunning;  // a host function that only gives others their turn
}

bool Invocation::output_ready() {
  if (!committed_ || sink_.writable()) return true;
  sink_.on_writable([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
  return false;
}

Status Invocation::write_output(std::string_view bytes) {
  if (kind() != Kind::kCommand && kind() != Kind::kHandler &&
      kind() != Kind::kSource) {  // their response does not come from stdout
    task_->log().write(bytes);
    return {};
  }
  return send(bytes);
}

sandbox::BodyPart Invocation::read_body() {
  BodySource& body = *request_.streamed_body;
  sandbox::BodyPart part{.bytes = body.take()};
  part.is_last = body.at_end();
  if (part.is_last) part.trailers = &body.trailers();
  return part;
}

void Invocation::on_body_news() {
  if (state_ == State::kDone) return;
  const auto& failure = request_.streamed_body->failure();
  if (failure) fail_with(*failure);
  else wake();
}

Status Invocation::respond(http::Response head) {
  auto checked = sandbox::abi::check_head(head);
  if (!checked) return checked;
  length_ = http::content_length(head.fields);
  head_ = std::move(head);
  return {};
}

Status Invocation::send_trailers(http::Fields trailers) {
  trailers_ = std::move(trailers);
  return {};
}

Status Invocation::send(std::string_view bytes) {
  output_bytes_ += bytes.size();
  if (auto fits = check_length(); !fits) return fits;
  if (committed_) {
    sink_.write(bytes);
    return {};
  }
  output_ += bytes;
  return sink_.streams() && output_.size() > kCommitBytes ? commit() : Status();
}

// Of the body so far, and of what is said to come.
Status Invocation::check_length() const {
  if (output_bytes_ > settings().limits.response_bytes) {
    return fail(ErrorCode::kResponseTooLarge,
                fmt::format("the function wrote more than its {} bytes", settings().limits.response_bytes));
  }
  if (const auto most = sink_.most_bytes(); most && std::max(output_bytes_, length_.value_or(0)) > *most) {
    return fail(ErrorCode::kBodyTooLarge,
                fmt::format("its body has more than the {} bytes that the next stage takes", *most));
  }
  return {};
}

Result<sandbox::abi::Head> Invocation::read_head() {
  if (head_) return sandbox::abi::Head{std::move(*head_), 0, ""};
  auto head = sandbox::abi::read_head(kind(), settings(), output_);
  if (head && kind() == Kind::kSource) length_ = http::content_length(head->response.fields);
  if (head && !head->ignored.empty()) {
    task_->log().write(fmt::format("mayfly left out `{}`: it is not a header line\n", head->ignored));
  }
  return head;
}

// From here on the response is streamed, and an error can only cut it off.
Status Invocation::commit() {
  auto head = read_head();
  if (!head) return fail(std::move(head.error()));
  committed_ = true;
  add_timing(head->response, make_receipt());
  sink_.start(std::move(head->response), length_);
  if (auto fits = check_length(); !fits) return fits;
  sink_.write(std::string_view(output_).substr(head->consumed));
  output_.clear();
  return {};
}

void Invocation::conclude() {
  const sandbox::Outcome& outcome = task_->instance().outcome();
  if (!outcome.error) return succeed();
  if (!outcome.backtrace.empty()) {
    environment_.log.write(std::move(LogLine("trap")
                                         .text("id", request_.request_id)
                                         .text("function", request_.version->function())
                                         .text("reason", outcome.error->message)
                                         .text("backtrace", outcome.backtrace)));
  }
  task_->log().flush();
  const std::string& why = task_->log().failure();
  const bool ended_itself = outcome.error->code == ErrorCode::kExitCode || outcome.error->code == ErrorCode::kTrap;
  if (ended_itself && !why.empty()) return fail_with({ErrorCode::kException, to_utf8(why)});
  fail_with(*outcome.error);
}

void Invocation::succeed() {
  Instance& instance = task_->instance();
  http::Response response;
  if (kind() == Kind::kTyped) {
    response = typed_response(instance.outcome());
  } else if (kind() == Kind::kRun || kind() == Kind::kExec) {
    response.fields.add("Content-Type", kind() == Kind::kRun ? "text/plain; charset=utf-8" : "application/json");
    response.body = std::move(instance.outcome().value);
  } else if (kind() == Kind::kHandle) {
    auto taken = sandbox::abi::take_response(std::move(task_->response()));
    if (!taken) return fail_with(taken.error());
    response = std::move(*taken);
  } else if (!committed_ && must_stream()) {
    if (auto sent = commit(); !sent) return fail_with(std::move(sent.error()));
  } else if (!committed_) {
    auto head = read_head();
    if (!head) return fail_with(head.error());
    response = std::move(head->response);
    response.body = std::move(output_);
    response.body.erase(0, head->consumed);
  }
  answer(std::move(response));
}

// An `err` is an answer like any other, to its caller.
http::Response Invocation::typed_response(sandbox::Outcome& outcome) const {
  if (outcome.is_err) {
    const std::string_view value = outcome.value.empty() ? "null" : std::string_view(outcome.value);
    return http::problem({ErrorCode::kFunctionError, "the function returned an error"},
                         {.request_id = request_.request_id, .seed_error = request_.seed_error, .value = value});
  }
  http::Response response;
  if (outcome.value.empty()) {
    response.status = 204;
    return response;
  }
  response.fields.add("Content-Type", "application/json");
  response.body = std::move(outcome.value);
  return response;
}

void Invocation::answer(http::Response response) {
  if (!committed_) output_bytes_ = response.body.size();
  const metrics::Receipt receipt = make_receipt();
  add_timing(response, receipt);
  metrics().succeeded.fetch_add(1, std::memory_order_relaxed);
  finish(receipt);
  committed_ ? sink_.finish(trailers_) : sink_.respond(std::move(response));
}

// What a whole response cannot say: trailers, and a length that is not the body's, as in an answer to HEAD.
bool Invocation::must_stream() const {
  return sink_.streams() && (trailers_.size() > 0 || (length_ && *length_ != output_.size()));
}

void Invocation::fail_with(Error error, std::string_view allow) {
  const auto keep = shared_from_this();
  if (!request_.pipeline.empty()) {
    error.message =
        fmt::format("stage `{}` of `{}`: {}", request_.version->function(), request_.pipeline, error.message);
  }
  metrics().failed.fetch_add(1, std::memory_order_relaxed);
  if (task_) task_->log().flush();
  environment_.log.write(std::move(LogLine("failure")
                                       .text("id", request_.request_id)
                                       .text("function", request_.version->function())
                                       .text("type", describe(error.code).slug)
                                       .text("reason", error.message)));
  http::Response response =
      http::problem(error, {.request_id = request_.request_id, .seed_error = request_.seed_error});
  if (!allow.empty()) response.fields.add("Allow", allow);
  const metrics::Receipt receipt = make_receipt();
  add_timing(response, receipt);
  finish(receipt);
  if (committed_) return sink_.abort(std::move(response));
  sink_.respond(std::move(response));
}

metrics::Receipt Invocation::make_receipt() const {
  metrics::Receipt receipt = task_ ? task_->usage() : metrics::Receipt();
  receipt.load = loaded_ - started_;
  if (state_ == State::kQueued) receipt.queue = steady_clock::now() - loaded_;
  else if (admitted_ > loaded_) receipt.queue = admitted_ - loaded_;
  receipt.bytes_out = output_bytes_;
  return receipt;
}

void Invocation::add_timing(http::Response& head, const metrics::Receipt& receipt) const {
  if (settings().server_timing) head.fields.add("Server-Timing", server_timing(receipt));
}

// The sandbox goes before the answer is sent: its place is free for whoever waits.
void Invocation::finish(const metrics::Receipt& receipt) {
  state_ = State::kDone;
  if (away_ != nullptr) away_->cancel();
  task_.reset();
  place_.leave();
  timer_.cancel();
  metrics().add(receipt);
  metrics().duration.observe(steady_clock::now() - started_);
  sink_.account(receipt);
}

}  // namespace mayfly::invoke
