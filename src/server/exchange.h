#pragma once

#include "base/error.h"
#include "http/message.h"
#include "http/serialize.h"
#include "invoke/response_sink.h"
#include "net/loop.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mayfly::server {

class Connection;

// One request and the place for its response. Its connection owns it; whoever answers later, from the loop, keeps a
// weak pointer. Belongs to the loop.
class Exchange final : public invoke::ResponseSink, public std::enable_shared_from_this<Exchange> {
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

  void respond(http::Response response) override;
  void start(http::Response head) override;
  void write(std::string_view bytes) override;
  void finish() override;
  void abort() override;
  void account(const metrics::Receipt& receipt) override { receipt_ = receipt; }
  bool writable() const override;
  void on_writable(std::function<void()> resume) override;

 private:
  friend class Connection;

  void write_head(http::Response& response, std::optional<std::size_t> length);
  void done();
  void log_access();
  void detach() { connection_ = nullptr; }

  Connection* connection_;  // null once the connection is gone: the answer goes nowhere
  http::Request request_;
  std::string id_;
  std::string function_;
  std::optional<metrics::Receipt> receipt_;
  std::chrono::steady_clock::time_point received_;
  std::shared_ptr<void> work_;
  std::function<void()> resume_;
  http::Framing::Kind framing_ = http::Framing::Kind::kLength;
  bool seed_ = false;
  int status_ = 0;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace mayfly::server
