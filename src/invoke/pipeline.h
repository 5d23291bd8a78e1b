#pragma once

#include "invoke/invocation.h"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace mayfly::invoke {

// One call of a pipeline: its stages one after the other, each an invocation like any other, and the body of its
// response that of the next one's request. The last one answers, and any before that does not answer with success.
// Belongs to its loop; the sink owns it, and destroying it cancels the stage that runs.
class Pipeline final : public ResponseSink, public std::enable_shared_from_this<Pipeline> {
 public:
  // `request.version` is the pipeline; of `stages` there is one at least.
  Pipeline(const Environment& environment, CallRequest request, std::vector<registry::VersionPtr> stages,
           ResponseSink& sink);
  ~Pipeline() override;

  void start();

 private:
  // ResponseSink, of the stage that runs
  void respond(http::Response response) override;
  std::optional<std::size_t> most_held() const override;
  void start(http::Response head, std::optional<std::uint64_t> length) override;
  void write(std::string_view bytes) override { sink_.write(bytes); }
  void finish(const http::Fields& trailers) override;
  void abort() override;
  void account(const metrics::Receipt& receipt) override;
  bool writable() const override { return sink_.writable(); }
  void on_writable(std::function<void()> resume) override { sink_.on_writable(std::move(resume)); }
  void watch_client() override { sink_.watch_client(); }

  bool at_last() const { return next_ == stages_.size(); }
  const registry::Version& stage() const { return *stages_[next_ - 1]; }
  void run_next();
  http::Request& own_request();
  Status hand_on(http::Response response);
  void answer(http::Response response);
  void fail_with(Error error);
  void limit_wall();
  void add_timing(http::Response& head) const;
  void count(bool succeeded);

  Environment environment_;
  CallRequest request_;
  const std::vector<registry::VersionPtr> stages_;
  ResponseSink& sink_;
  std::chrono::steady_clock::time_point started_, stage_started_;
  boost::asio::steady_timer timer_;

  std::size_t next_ = 0;              // stage to run, after the one that does
  std::optional<http::Request> own_;  // that the stages see, where it is not the client's
  metrics::Receipt receipt_;          // of the stages so far
  int status_ = 0;                    // of the response that the last stage streams
  bool done_ = false;
  std::shared_ptr<Invocation> running_;
};

}  // namespace mayfly::invoke
