#pragma once

#include "base/log.h"
#include "invoke/guest_log.h"
#include "invoke/loader.h"
#include "invoke/response_sink.h"
#include "registry/version.h"
#include "sandbox/abi/abi.h"
#include "sandbox/instance.h"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>

namespace mayfly::invoke {

// What invocations share.
struct Environment {
  net::Loop& loop;
  Loader& loader;
  Log& log;
};

// A call of one version of a function. Views outlive the invocation.
struct CallRequest {
  registry::VersionPtr version;
  sandbox::abi::Call call;
  std::string_view request_id;
  bool seed_error = false;  // problems carry the seeds' `error` member
};

// One call of a function, from the request to the last byte of its response. Belongs to its loop; the sink owns it,
// and destroying it cancels it.
//
//   kLoading ─► kRunning ⇄ kWaiting ─► kDone
//                  └────────────────────┘
class Invocation final : public sandbox::GuestHost, public std::enable_shared_from_this<Invocation> {
 public:
  Invocation(const Environment& environment, CallRequest request, ResponseSink& sink);
  ~Invocation() override;

  void start();

 private:
  enum class State { kLoading, kRunning, kWaiting, kDone };

  // GuestHost
  bool output_ready() override;
  Status write_output(std::string_view bytes) override;
  void write_log(std::string_view bytes) override { guest_log_.write(bytes); }
  void wake() override;
  net::Loop& loop() override { return environment_.loop; }

  void load();
  void run();
  void resume();
  void wait();
  void post_resume();
  void conclude();
  Status commit();
  Result<sandbox::abi::Head> read_head();
  void succeed();
  void fail_with(Error error);
  void finish();
  const sandbox::Settings& settings() const { return request_.version->settings(); }

  Environment environment_;
  CallRequest request_;
  ResponseSink& sink_;
  GuestLog guest_log_;
  State state_ = State::kLoading;
  std::chrono::steady_clock::time_point started_;        // with the loading of the program
  std::chrono::steady_clock::time_point wall_deadline_;  // without
  bool resume_posted_ = false;

  sandbox::Inputs inputs_;
  std::optional<sandbox::Instance> instance_;
  bool holds_slot_ = false;
  boost::asio::steady_timer wall_timer_;

  std::string output_;  // stdout that is not committed yet
  std::uint64_t output_bytes_ = 0;
  bool committed_ = false;
};

}  // namespace mayfly::invoke
