#pragma once

#include "invoke/admission.h"
#include "invoke/environment.h"
#include "invoke/guest_log.h"
#include "sandbox/fresh_instance.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace mayfly::invoke {

// The guest's side of an invocation: all that goes along when the guest moves between its loop and a background thread.
// One owner at a time. It ends on its loop, where its sockets and timers are.
class Task final : public sandbox::GuestHost {
 public:
  // What it needs of its invocation; `body` is the request's, which inputs do not have yet.
  struct Parts {
    registry::VersionPtr version;
    std::shared_ptr<const registry::Version::Loaded> code;
    sandbox::Inputs inputs;
    std::string body;
    std::string_view request_id;
    std::weak_ptr<Invocation> home;
    Admission::Place place;
  };
  Task(const Environment& environment, Parts parts);

  sandbox::Instance& instance() { return *instance_; }
  sandbox::Kind kind() const { return code_->program->entry().kind; }
  // What a `handle` function has set.
  sandbox::HandleResponse& response() { return fresh_->guest().response(); }
  GuestLog& log() { return log_; }
  metrics::Receipt usage() const;  // what its guest has used; not while that runs
  Owner owner() const { return owner_of(*version_); }

  // Back to its loop, and its invocation if that is still there.
  static void send_home(std::unique_ptr<Task> task, sandbox::Instance::Progress progress);

  // From the loop, while the guest is away: it is to come home at its next tick.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  // GuestHost. Output goes to the invocation: the guest is at home then.
  bool output_ready() override;
  Status write_output(std::string_view bytes) override;
  void write_log(std::string_view bytes) override { log_.write(bytes); }
  sandbox::BodyPart read_body() override;
  Status respond(http::Response head) override;
  Status send(std::string_view bytes) override;
  Status send_trailers(http::Fields trailers) override;
  void wake() override;
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  net::Loop& loop_;
  egress::Gate& egress_;
  const registry::VersionPtr version_;
  const std::shared_ptr<const registry::Version::Loaded> code_;
  const Admission::Place place_;
  const std::string body_;
  sandbox::Inputs inputs_;
  const std::weak_ptr<Invocation> home_;
  GuestLog log_;
  std::atomic<bool> cancelled_ = false;
  std::optional<sandbox::FreshInstance> fresh_;  // the last to be made, the first to go
  std::unique_ptr<sandbox::Instance> seat_;      // instead of it, for a function that reuses its sandboxes
  sandbox::Instance* instance_;                  // either
};

}  // namespace mayfly::invoke
