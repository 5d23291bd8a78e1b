#include "invoke/task.h"

#include "invoke/invocation.h"

namespace mayfly::invoke {

Task::Task(const Environment& environment, Parts parts)
    : loop_(environment.loop),
      egress_(environment.egress),
      version_(std::move(parts.version)),
      code_(std::move(parts.code)),
      place_(std::move(parts.place)),
      body_(std::move(parts.body)),
      inputs_(std::move(parts.inputs)),
      home_(std::move(parts.home)),
      log_(environment.log, parts.request_id, version_->function(), version_->settings().limits, version_->metrics(),
           version_->settings().failure) {
  inputs_.standard_input = body_;
  if (version_->settings().limits.reuse > 1) {
    seat_ = environment.warm.make_seat(version_, code_, inputs_, *this);
    instance_ = seat_.get();
  } else {
    instance_ = &fresh_.emplace(code_->program, inputs_, version_->settings().limits, *this, &environment.fresh);
  }
}

void Task::send_home(std::unique_ptr<Task> task, sandbox::Instance::Progress progress) {
  net::Loop& loop = task->loop_;
  loop.post([task = std::move(task), progress]() mutable {
    const auto home = task->home_.lock();
    if (home && !home->is_done()) home->come_home(std::move(task), progress);
    else task->version_->metrics().add(task->usage());  // the call has ended without it
  });
}

metrics::Receipt Task::usage() const {
  const sandbox::Instance::Usage usage = instance_->usage();
  metrics::Receipt receipt;
  receipt.instantiate = usage.instantiate;
  receipt.guest = usage.guest;
  receipt.host = usage.host;
  receipt.memory_peak = usage.memory_peak;
  receipt.egress = usage.egress;
  return receipt;
}

bool Task::output_ready() {
  const auto home = home_.lock();
  return !home || home->output_ready();
}

Status Task::write_output(std::string_view bytes) {
  const auto home = home_.lock();
  return home ? home->write_output(bytes) : Status();
}

sandbox::BodyPart Task::read_body() {
  const auto home = home_.lock();
  return home ? home->read_body() : sandbox::BodyPart();
}

Status Task::respond(http::Response head) {
  const auto home = home_.lock();
  return home ? home->respond(std::move(head)) : Status();
}

Status Task::send(std::string_view bytes) {
  const auto home = home_.lock();
  return home ? home->send(bytes) : Status();
}

Status Task::send_trailers(http::Fields trailers) {
  const auto home = home_.lock();
  return home ? home->send_trailers(std::move(trailers)) : Status();
}

void Task::wake() {
  if (const auto home = home_.lock()) home->wake();
}

}  // namespace mayfly::invoke
