#pragma once

#include "invoke/body_source.h"
#include "invoke/environment.h"
#include "invoke/response_sink.h"
#include "invoke/task.h"
#include "registry/version.h"
#include "sandbox/abi/abi.h"
#include "sandbox/instance.h"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace mayfly::invoke {

// A call of one version of a function. Views outlive the invocation.
struct CallRequest {
  registry::VersionPtr version;
  sandbox::abi::Call call;
  std::string body;
  BodySource* streamed_body = nullptr;  // in place of `body`, for one that is still arriving
  std::string_view request_id;
  bool seed_error = false;         // problems carry the seeds' `error` member
  std::string_view pipeline = {};  // that it is a stage of; "" for none
};

// One call of a function, from the request to the last byte of its response. Belongs to its loop; the sink owns it,
// and destroying it cancels it.
//
//   kLoading ─► kQueued ─► kReady ─► kRunning ─► kDone
//                            ▲ ▲        │ │
//                            │ └kWaiting┘ │     in a host function
//                            └───kAway────┘     in the background: it burns CPU
class Invocation final : public std::enable_shared_from_this<Invocation> {
 public:
  Invocation(const Environment& environment, CallRequest request, ResponseSink& sink);
  ~Invocation();

  void start();
  // Until it is admitted.
  bool waits_for_sandbox() const { return state_ == State::kLoading || state_ == State::kQueued; }

  // For its task, while that is at home.
  bool output_ready();
  Status write_output(std::string_view bytes);
  sandbox::BodyPart read_body();
  Status respond(http::Response head);
  Status send(std::string_view bytes);
  Status send_trailers(http::Fields trailers);
  void wake();
  bool is_done() const { return state_ == State::kDone; }
  void come_home(std::unique_ptr<Task> task, sandbox::Instance::Progress progress);
  // For the queue of the loop.
  void resume();

 private:
  enum class State { kLoading, kQueued, kReady, kRunning, kWaiting, kAway, kDone };

  void load();
  void enter();
  bool find_function();
  void run();
  void on_body_news();
  void make_task();
  void go_on(sandbox::Instance::Progress progress);
  void make_ready();
  void take_turns();
  void go_away();
  void wait();
  void limit_wall(std::chrono::milliseconds grace);
  void conclude();
  Status commit();
  Result<sandbox::abi::Head> read_head();
  void succeed();
  Status check_length() const;
  bool must_stream() const;
  bool is_streamed() const;
  bool has_head() const;
  http::Response typed_response(sandbox::Outcome& outcome) const;
  void answer(http::Response response);
  void fail_with(Error error, std::string_view allow = {});
  void finish(const metrics::Receipt& receipt);
  void limit_wait(std::chrono::steady_clock::time_point until, std::function<Error()> why);
  metrics::Receipt make_receipt() const;
  void add_timing(http::Response& head, const metrics::Receipt& receipt) const;

  const sandbox::Settings& settings() const { return request_.version->settings(); }
  metrics::Invocations& metrics() const { return request_.version->metrics(); }
  sandbox::Kind kind() const { return task_->kind(); }

  Environment environment_;
  CallRequest request_;
  ResponseSink& sink_;
  State state_ = State::kLoading;
  std::chrono::steady_clock::time_point started_, loaded_, admitted_;

  registry::Version::LoadedPtr code_;  // until its task has it
  std::size_t function_ = 0;           // of a typed component
  Admission::Place place_;
  std::unique_ptr<Task> task_;  // while the guest is at home
  Task* away_ = nullptr;        // while it is not
  int ticks_ = 0;               // that it ran here, since it was away
  bool woken_ = false;          // before it waited
  boost::asio::steady_timer timer_;

  std::optional<http::Response> head_;   // that a component has sent
  std::optional<std::uint64_t> length_;  // that its body will have, by that head
  http::Fields trailers_;
  std::string output_;  // stdout, or its body, that is not committed yet
  std::uint64_t output_bytes_ = 0;
  bool committed_ = false;
};

}  // namespace mayfly::invoke
