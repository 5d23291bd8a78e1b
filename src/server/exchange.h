#pragma once

#include "base/error.h"
#include "http/message.h"
#include "http/serialize.h"
#include "invoke/body_source.h"
#include "invoke/response_sink.h"
#include "net/loop.h"
#include "server/limits.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mayfly::server {

class Connection;

// One request and the place for its response. Its connection owns it; whoever answers later, from the loop, keeps a
// weak pointer. Belongs to the loop.
class Exchange final : public invoke::ResponseSink,
                       public invoke::BodySource,
                       public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Connection& connection, http::Request request, std::string id);

  const http::Request& request() const { return request_; }
  std::string take_body() { return std::exchange(request_.body, {}); }
  const std::string& id() const { return id_; }  // also the response header X-Request-Id
  const std::string& remote_address() const;
  const std::string& local_port() const;
  net::Loop& loop();

  // On the seeds' paths, problems carry the `error` member that their clients read.
  void answer_as_seed() { seed_ = true; }
  bool is_seed() const { return seed_; }
  // For the access log.
  void set_function(std::string_view name) { function_ = name; }
  // Kept for as long as the exchange: what works on the answer. Dropping the exchange cancels it.
  void keep(std::shared_ptr<void> work) { work_ = std::move(work); }

  // Answers with an error, as a problem document.
  void fail(const Error& error);
  // 405; `allow` lists the methods that the path answers.
  void refuse_method(std::string_view allow);

  // Whether the body is still arriving: then it is a BodySource, and request().body is empty.
  bool is_receiving() const { return receiving_; }

  // ResponseSink
  void respond(http::Response response) override;
  void start(http::Response head, std::optional<std::uint64_t> length) override;
  void write(std::string_view bytes) override;
  void finish(const http::Fields& trailers) override;
  void abort(http::Response) override { cut(); }
  void account(const metrics::Receipt& receipt) override { receipt_ = receipt; }
  bool writable() const override;
  void on_writable(std::function<void()> resume) override;
  void watch_client() override;

  // BodySource
  std::string take() override;
  bool at_end() const override { return !receiving_ && arrived_.empty(); }
  const http::Fields& trailers() const override { return request_.trailers; }
  const std::optional<Error>& failure() const override { return failure_; }
  void on_news(std::function<void()> tell) override { tell_ = std::move(tell); }

 private:
  friend class Connection;

  void write_head(const http::Response& response, std::optional<std::size_t> length);
  void done();
  void cut();
  void log_access(const Connection& connection);

  // For the connection, of a body that is handed on while it arrives.
  void begin_body(std::string start);
  void receive(std::string bytes);
  void end_body(http::Fields trailers);
  void fail_body(Error why);
  std::size_t held_body() const { return arrived_.size(); }
  bool has_body_backlog() const { return held_body() >= kBodyBacklog; }
  void detach() { connection_ = nullptr; }
  // Later, when nobody is inside: what works on the answer is dropped, and the request logged, if it has not been.
  void client_left(const Connection& connection);

  Connection* connection_;  // null once the connection is gone: the answer goes nowhere
  http::Request request_;
  std::string id_;
  std::string function_;
  std::optional<metrics::Receipt> receipt_;
  std::chrono::steady_clock::time_point received_;
  std::shared_ptr<void> work_;
  std::function<void()> resume_;
  bool receiving_ = false;
  std::string arrived_;  // of the body, not taken yet
  std::optional<Error> failure_;
  std::function<void()> tell_;
  http::Framing::Kind framing_ = http::Framing::Kind::kLength;
  bool seed_ = false;
  int status_ = 0;
  bool logged_ = false;
  std::uint64_t body_bytes_ = 0;
  std::optional<std::uint64_t> length_;  // that the response's body was said to have
};

}  // namespace mayfly::server
