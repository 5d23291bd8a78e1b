#include "invoke/invocation.h"

#include "http/problem.h"
#include "invoke/limits.h"
#include "sandbox/engine.h"

#include <fmt/format.h>

namespace mayfly::invoke {

using sandbox::Instance;
using sandbox::Kind;

Invocation::Invocation(const Environment& environment, CallRequest request, ResponseSink& sink)
    : environment_(environment),
      request_(std::move(request)),
      sink_(sink),
      guest_log_(environment.log, request_.request_id, request_.version->function(),
                 request_.version->settings().limits.log_bytes),
      wall_timer_(environment.loop.io()) {}

Invocation::~Invocation() {
  if (state_ == State::kDone) return;
  request_.version->metrics().failed.fetch_add(1, std::memory_order_relaxed);  // its client is gone
  finish();
}

void Invocation::start() {
  started_ = std::chrono::steady_clock::now();
  if (request_.version->program() == nullptr) load();
  else run();
}

void Invocation::load() {
  environment_.loader.load(request_.version, environment_.loop, [weak = weak_from_this()](const Status& loaded) {
    const auto self = weak.lock();
    if (!self) return;
    loaded ? self->run() : self->fail_with(loaded.error());
  });
}

void Invocation::run() {
  const sandbox::Program& program = *request_.version->program();
  holds_slot_ = program.engine().take_slot();
  if (!holds_slot_) return fail_with({ErrorCode::kOverloaded, "every sandbox of this server is in use"});
  wall_deadline_ = std::chrono::steady_clock::now() + settings().limits.wall;
  inputs_ = sandbox::abi::make_inputs(program.entry().kind, settings(), request_.call);
  instance_.emplace(program, inputs_, settings().limits, *this);
  resume();
}

void Invocation::resume() {
  if (state_ == State::kDone) return;
  const auto keep = shared_from_this();  // the answer may destroy the connection, and it us
  state_ = State::kRunning;
  switch (instance_->resume()) {
    case Instance::Progress::kYielded: return post_resume();
    case Instance::Progress::kWaiting: return wait();
    case Instance::Progress::kEnded: return conclude();
  }
}

// Behind everything that is ready now: that is what a guest which burns CPU owes its neighbours.
void Invocation::post_resume() {
  if (std::exchange(resume_posted_, true)) return;
  environment_.loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->resume_posted_ = false;
      self->resume();
    }
  });
}

// A guest that waits sees no tick: its wall limit needs a timer.
void Invocation::wait() {
  state_ = State::kWaiting;
  if (wall_timer_.expiry() != boost::asio::steady_timer::time_point()) return;  // armed by an earlier wait
  wall_timer_.expires_at(wall_deadline_);
  wall_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->state_ == State::kDone) return;
    self->fail_with({ErrorCode::kTooSlow,
                     fmt::format("the function was not done after its {} ms", self->settings().limits.wall.count())});
  });
}

void Invocation::wake() {
  if (state_ != State::kDone) post_resume();
}

bool Invocation::output_ready() {
  if (!committed_ || sink_.writable()) return true;
  sink_.on_writable([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  });
  return false;
}

Status Invocation::write_output(std::string_view bytes) {
  const Kind kind = request_.version->program()->entry().kind;
  if (kind == Kind::kRun || kind == Kind::kHandle) {  // their response does not come from stdout
    guest_log_.write(bytes);
    return {};
  }
  output_bytes_ += bytes.size();
  if (output_bytes_ > settings().limits.response_bytes) {
    return fail(ErrorCode::kResponseTooLarge,
                fmt::format("the function wrote more than its {} bytes", settings().limits.response_bytes));
  }
  if (committed_) {
    sink_.write(bytes);
    return {};
  }
  output_ += bytes;
  return output_.size() > kCommitBytes ? commit() : Status();
}

Result<sandbox::abi::Head> Invocation::read_head() {
  auto head = sandbox::abi::read_head(request_.version->program()->entry().kind, settings(), output_);
  if (head && !head->ignored.empty()) {
    guest_log_.write(fmt::format("mayfly left out `{}`: it is not a header line\n", head->ignored));
  }
  return head;
}

// From here on the response is streamed, and an error can only cut it off.
Status Invocation::commit() {
  auto head = read_head();
  if (!head) return fail(std::move(head.error()));
  committed_ = true;
  sink_.start(std::move(head->response));
  sink_.write(std::string_view(output_).substr(head->consumed));
  output_.clear();
  return {};
}

void Invocation::conclude() {
  const sandbox::Outcome& outcome = instance_->outcome();
  if (!outcome.error) return succeed();
  if (!outcome.backtrace.empty()) {
    environment_.log.write(std::move(LogLine("trap")
                                         .text("id", request_.request_id)
                                         .text("function", request_.version->function())
                                         .text("reason", outcome.error->message)
                                         .text("backtrace", outcome.backtrace)));
  }
  fail_with(*outcome.error);
}

void Invocation::succeed() {
  const Kind kind = request_.version->program()->entry().kind;
  http::Response response;
  if (kind == Kind::kRun) {
    response.fields.add("Content-Type", "text/plain; charset=utf-8");
    response.body = std::move(instance_->outcome().value);
  } else if (kind == Kind::kHandle) {
    auto taken = sandbox::abi::take_response(std::move(instance_->guest().response()));
    if (!taken) return fail_with(taken.error());
    response = std::move(*taken);
  } else if (!committed_) {
    auto head = read_head();
    if (!head) return fail_with(head.error());
    response = std::move(head->response);
    response.body = std::move(output_);
    response.body.erase(0, head->consumed);
  }
  metrics::Invocations& metrics = request_.version->metrics();
  metrics.succeeded.fetch_add(1, std::memory_order_relaxed);
  metrics.bytes_out.fetch_add(committed_ ? output_bytes_ : response.body.size(), std::memory_order_relaxed);
  finish();
  committed_ ? sink_.finish() : sink_.respond(std::move(response));
}

void Invocation::fail_with(Error error) {
  const auto keep = shared_from_this();
  request_.version->metrics().failed.fetch_add(1, std::memory_order_relaxed);
  guest_log_.flush();
  environment_.log.write(std::move(LogLine("failure")
                                       .text("id", request_.request_id)
                                       .text("function", request_.version->function())
                                       .text("type", describe(error.code).slug)
                                       .text("reason", error.message)));
  finish();
  if (committed_) return sink_.abort();
  sink_.respond(http::problem(error, {.request_id = request_.request_id, .seed_error = request_.seed_error}));
}

// The sandbox goes before the answer is sent: its slot is free for whoever asks next.
void Invocation::finish() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  metrics::Invocations& metrics = request_.version->metrics();
  if (instance_) {
    metrics.cpu_nanoseconds.fetch_add(static_cast<std::uint64_t>(instance_->cpu_used().count()),
                                      std::memory_order_relaxed);
  }
  instance_.reset();
  wall_timer_.cancel();
  if (std::exchange(holds_slot_, false)) request_.version->program()->engine().return_slot();
  metrics.duration.observe(std::chrono::steady_clock::now() - started_);
}

}  // namespace mayfly::invoke
