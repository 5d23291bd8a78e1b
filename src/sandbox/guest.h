#pragma once

#include "base/cycles.h"
#include "base/result.h"
#include "egress/gate.h"
#include "http/message.h"
#include "metrics/egress.h"
#include "net/loop.h"
#include "sandbox/guest_memory.h"
#include "sandbox/limits.h"
#include "sandbox/wasi/descriptors.h"
#include "sandbox/wasi/disk_wait.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sandbox {

class ExperimentalHttp;
class Module;
class Sockets;

// What a guest is given. Outlives its instance, unchanged.
struct Inputs {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;                                    // NAME=value
  std::string_view standard_input;                                         // all of it
  const std::map<std::string, std::string, std::less<>>* table = nullptr;  // configured, for db_get and wasi:config
  const http::Request* request = nullptr;                                  // for kHttp; read when the instance is made
  bool streams_body = false;                                               // of that, by GuestHost::read_body()
  std::size_t function = 0;                                                // for kTyped: by Program::find_function
  const egress::Rules* egress = nullptr;                                   // what it may connect to; null for nothing
  std::span<const vfs::Mount> mounts;                                      // what it sees of files
  bool makes_image = false;                                                // of what it has become: take_image()
  const Module* image_since = nullptr;                                     // that it may be kept as changes of
};

// What has arrived of a request's body since the last one. Empty when nothing has: wake() follows.
struct BodyPart {
  std::string bytes;
  bool is_last = false;
  const http::Fields* trailers = nullptr;  // of the last
};

// Where a guest's effects go: its invocation. Called on the loop, between two instructions of the guest.
class GuestHost {
 public:
  virtual ~GuestHost() = default;
  // Whether stdout has room; when not, wake() follows once it has.
  virtual bool output_ready() = 0;
  virtual Status write_output(std::string_view bytes) = 0;  // stdout; an error ends the guest
  virtual void write_log(std::string_view bytes) = 0;       // stderr and `log`; lines are found by the receiver
  // Of a kHttp function: its request's body, where Inputs say that it streams; and its response, in this order.
  virtual BodyPart read_body() { return {}; }
  virtual Status respond(http::Response) { return {}; }
  virtual Status send(std::string_view) { return {}; }
  virtual Status send_trailers(http::Fields) { return {}; }
  virtual void wake() = 0;  // a host function that waited can go on
  virtual net::Loop& loop() = 0;
  virtual egress::Gate& egress() = 0;  // of the loop
};

// The response that a `handle` function sets.
struct HandleResponse {
  std::optional<int> status;
  std::string reason;
  http::Fields fields;
  std::optional<std::string> body;
  std::size_t header_bytes = 0;  // reason phrases, names and values so far
};

// One invocation as host functions see it. Belongs to the loop of the invocation.
class Guest {
 public:
  Guest(const Inputs& inputs, const Limits& limits, GuestHost& host);
  ~Guest();
  Guest(const Guest&) = delete;

  const Inputs& inputs() const { return inputs_; }
  const Limits& limits() const { return limits_; }
  GuestHost& host() { return host_; }
  const GuestMemory& memory() const { return memory_; }
  HandleResponse& response() { return response_; }
  Sockets& sockets();
  wasi::Descriptors& descriptors() { return descriptors_; }
  ExperimentalHttp& experimental_http();

  const egress::Rules& egress_rules() const { return inputs_.egress != nullptr ? *inputs_.egress : no_egress_; }
  metrics::Egress& egress_usage() { return egress_usage_; }
  const metrics::Egress& egress_usage() const { return egress_usage_; }
  std::chrono::nanoseconds host_time() const { return cycles_to_time(host_cycles_); }  // spent in host functions

  // Whether it runs on another thread than its loop's.
  bool is_away() const { return away_; }
  void set_away(bool away) { away_ = away; }

  // Notes why the guest ends; the host function then returns stopped().
  void stop(Error why) { stopped_ = std::move(why); }
  const std::optional<Error>& why_stopped() const { return stopped_; }
  void exit(std::uint32_t code) { exit_code_ = code; }
  std::optional<std::uint32_t> exit_code() const { return exit_code_; }  // once it has called proc_exit

  // Between two requests: what belongs to one of them begins anew.
  void end_request();

  // How far a host function that works in parts has come with the call it is in.
  std::size_t progress = 0;
  std::uint64_t progress_cookie = 0;  // of a listing: where it goes on

  // For a host function that waits for a time: wakes the guest after `time`. slept() counts from the first sleep() to
  // end_sleep(); it is zero outside.
  void sleep(std::chrono::nanoseconds time);
  std::chrono::nanoseconds slept() const;
  void end_sleep();

  // For a host function that waits for a disk: wakes the guest when that is done. Null before, and once it is ended.
  void wait_for_disk(vfs::Syncing syncing);
  const wasi::DiskWait* disk_wait() const { return disk_wait_ ? &*disk_wait_ : nullptr; }
  void end_disk_wait() { disk_wait_.reset(); }

 private:
  friend class HostCall;

  class Sleep;

  const Inputs& inputs_;
  const Limits& limits_;
  GuestHost& host_;
  GuestMemory memory_;  // of the host call that runs now
  bool away_ = false;   // from its loop: it runs on another thread
  std::uint64_t host_cycles_ = 0;
  HandleResponse response_;
  wasi::Descriptors descriptors_;
  const egress::Rules no_egress_;
  metrics::Egress egress_usage_;  // before what uses it
  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<ExperimentalHttp> experimental_http_;
  std::unique_ptr<Sleep> sleep_;
  std::optional<wasi::DiskWait> disk_wait_;
  std::optional<Error> stopped_;
  std::optional<std::uint32_t> exit_code_;
};

}  // namespace mayfly::sandbox
