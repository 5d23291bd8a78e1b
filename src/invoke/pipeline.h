#pragma once

#include "invoke/invocation.h"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace mayfly::invoke {

// One call of a pipeline: its stages one after the other, each an invocation like any other, and the body of its
// response that of the next one's request. Between two `http` stages it streams, and both run at once; elsewhere the
// next begins when the one before has answered. The last one answers, and any before that does not answer with success.
// Belongs to its loop; the sink owns it, and destroying it cancels the stages that run.
class Pipeline final : public std::enable_shared_from_this<Pipeline> {
 public:
  // `request.version` is the pipeline; of `stages` there is one at least.
  Pipeline(const Environment& environment, CallRequest request, std::vector<registry::VersionPtr> stages,
           ResponseSink& sink);
  ~Pipeline();

  void start();

 private:
  class Stage;

  // For its stages.
  void run_next(const Stage& before, http::Response response);
  void stream_to_next(Stage& before, const http::Fields& head, std::optional<std::uint64_t> length);
  void answer(http::Response response);
  void start_answer(http::Response head, std::optional<std::uint64_t> length);
  void finish(const http::Fields& trailers);
  void end_with(http::Response problem);
  void fail_with(Error error);

  Stage& add_stage(http::Request request);
  http::Request client_request() const;
  http::Request next_request(const http::Fields& head, std::optional<std::uint64_t> length, bool streams) const;
  Status check_whole(const Stage& before, const http::Response& response) const;
  void end_stages(std::size_t count);
  void limit_wall();
  void add_timing(http::Response& head) const;
  void conclude(bool succeeded);
  metrics::Receipt receipt() const;

  Environment environment_;
  CallRequest request_;
  const std::vector<registry::VersionPtr> stages_;
  ResponseSink& sink_;
  std::chrono::steady_clock::time_point started_;
  boost::asio::steady_timer timer_;

  std::optional<int> status_;  // of the response that is streamed to the client
  bool done_ = false;
  std::vector<std::unique_ptr<Stage>> called_;  // in order; until the end, as they are the sinks of what they run
};

}  // namespace mayfly::invoke
