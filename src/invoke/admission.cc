#include "invoke/admission.h"

#include "invoke/limits.h"
#include "sandbox/engine.h"

#include <fmt/format.h>

namespace mayfly::invoke {

using registry::Version;
using registry::VersionPtr;

// One that waits. Everything but the constants is changed under the lock of the queues.
struct Waiting {
  const VersionPtr version;
  net::Loop& loop;
  std::function<void()> admitted;
  enum class For { kFunction, kSandbox, kNothing } waits_for = For::kFunction;

  Owner owner() const { return owner_of(*version); }
};

namespace {

// The counters are read and written in one order by all threads: who queues counts himself first and then tries once
// more, who leaves makes room first and then looks whether anybody waits. One of the two sees the other.

bool take_function(const Version& version) {
  auto& running = version.metrics().running;
  if (running.fetch_add(1) < version.settings().limits.concurrency) return true;
  running.fetch_sub(1);
  return false;
}

}  // namespace

void Admission::Place::leave() {
  if (admission_ == nullptr) return;
  Admission& admission = *std::exchange(admission_, nullptr);
  const VersionPtr version = std::move(version_);
  if (const auto waiting = std::move(waiting_)) return admission.abandon(waiting);
  admission.give_back(version);
}

bool Admission::Place::waits_for_sandbox() const {
  if (!waiting_) return false;
  const auto queues = admission_->queues_.lock();
  return waiting_->waits_for == Waiting::For::kSandbox;
}

// Nobody overtakes those who wait for the same.
bool Admission::try_enter(const Version& version) {
  if (version.metrics().waiting.load() > 0 || without_sandbox_.load() > 0 || !take_function(version)) return false;
  if (engine_.take_slot()) return true;
  version.metrics().running.fetch_sub(1);
  return false;
}

Result<Admission::Entry> Admission::enter(Place& place, const VersionPtr& version, net::Loop& loop,
                                          std::function<void()> admitted) {
  if (!try_enter(*version)) {
    auto queues = queues_.lock();
    hand_on(*queues, *version);  // somebody may have queued because of what we took and gave back
    metrics::Invocations& metrics = version->metrics();
    const std::size_t most = version->settings().limits.queue;
    if (metrics.waiting.load() >= most) {
      metrics.refused.fetch_add(1, std::memory_order_relaxed);
      return fail(ErrorCode::kTooManyRequests,
                  fmt::format("the function runs {} times, and {} requests wait", metrics.running.load(), most));
    }
    if (waiting_.load() >= kMostWaiting) {
      return fail(ErrorCode::kOverloaded, "every sandbox of this server is in use, and its queue is full");
    }
    place.waiting_ = std::make_shared<Waiting>(Waiting{version, loop, std::move(admitted)});
    metrics.waiting.fetch_add(1);
    waiting_.fetch_add(1);
    queues->functions[&metrics].push_back(place.waiting_);
    hand_on(*queues, *version);
  }
  place.admission_ = this;
  place.version_ = version;
  if (!place.waiting_) return Entry::kAdmitted;
  return Entry::kQueued;
}

void Admission::give_back(const VersionPtr& version) {
  engine_.return_slot();
  version->metrics().running.fetch_sub(1);
  if (waiting_.load() == 0) return;
  auto queues = queues_.lock();
  hand_on(*queues, *version);
}

void Admission::abandon(const std::shared_ptr<Waiting>& waiting) {
  const Version& version = *waiting->version;
  auto queues = queues_.lock();
  switch (waiting->waits_for) {
    case Waiting::For::kFunction: std::erase(queues->functions[&version.metrics()], waiting); break;
    case Waiting::For::kSandbox:
      queues->sandboxes.erase(waiting->owner(), waiting);
      without_sandbox_.fetch_sub(1);
      break;
    case Waiting::For::kNothing: engine_.return_slot(); break;
  }
  if (waiting->waits_for != Waiting::For::kFunction) version.metrics().running.fetch_sub(1);
  if (waiting->waits_for != Waiting::For::kNothing) {
    version.metrics().waiting.fetch_sub(1);
    waiting_.fetch_sub(1);
  }
  hand_on(*queues, version);
}

// Something of this function's, or a sandbox, is free.
void Admission::hand_on(Queues& queues, const Version& version) {
  const auto found = queues.functions.find(&version.metrics());
  if (found != queues.functions.end()) {
    auto& line = found->second;
    while (!line.empty() && take_function(*line.front()->version)) {
      const auto next = std::move(line.front());
      line.pop_front();
      next->waits_for = Waiting::For::kSandbox;
      without_sandbox_.fetch_add(1);
      queues.sandboxes.push(next->owner(), next);
    }
    if (line.empty()) queues.functions.erase(found);
  }
  hand_out_sandboxes(queues);
}

void Admission::hand_out_sandboxes(Queues& queues) {
  while (!queues.sandboxes.empty() && engine_.take_slot()) {
    grant(queues.sandboxes.pop());
  }
}

void Admission::grant(const std::shared_ptr<Waiting>& waiting) {
  waiting->waits_for = Waiting::For::kNothing;
  without_sandbox_.fetch_sub(1);
  waiting->version->metrics().waiting.fetch_sub(1);
  waiting_.fetch_sub(1);
  waiting->loop.post(std::move(waiting->admitted));
}

}  // namespace mayfly::invoke
