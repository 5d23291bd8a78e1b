#include "egress/http_client.h"

#include "egress/curl_request.h"
#include "egress/limits.h"
#include "egress/redirect.h"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace mayfly::egress {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

milliseconds connect_time(const HttpLimits& limits) {
  return std::clamp(limits.connect.value_or(kConnectTime), milliseconds(1), milliseconds(kConnectTime));
}

}  // namespace

//   begin() ─► find addresses ─► connect() ─► ended() ─► finish()
//      ▲                            ▲            │ │
//      │                            └─next address │
//      └────────────── redirect ───────────────────┘
class HttpClient::Call final : public HttpCall {
 public:
  Call(HttpClient& client, const Rules& rules, HttpRequest request, const HttpLimits& limits, metrics::Egress& usage,
       Done done)
      : client_(client),
        rules_(rules),
        request_(std::move(request)),
        limits_(limits),
        usage_(usage),
        done_(std::move(done)),
        deadline_(steady_clock::now() + limits.time),
        patience_(client.finder_.loop().io()) {}
  ~Call() override { drop_attempt(); }

  // Even what fails at once is answered later.
  void start() {
    client_.finder_.loop().post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) begin();
    });
  }

 private:
  Reached<void> check_request() const;
  void begin();
  void found(const Reached<std::vector<Address>>& addresses);
  void connect();
  void watch();
  void check_patience();
  void ended(CURLcode code);
  void drop_attempt();
  void finish(Reached<HttpResponse> response);

  HttpClient& client_;
  const Rules& rules_;
  HttpRequest request_;
  const HttpLimits limits_;
  metrics::Egress& usage_;
  Done done_;
  const steady_clock::time_point deadline_;

  std::optional<Url> url_;
  std::shared_ptr<void> search_;
  std::vector<Address> addresses_;  // to try, the last one first
  std::unique_ptr<CurlRequest> attempt_;
  steady_clock::time_point attempted_;  // its start
  boost::asio::steady_timer patience_;  // for its bytes
  int followed_ = 0;                    // redirects
  std::shared_ptr<void> alive_ = std::make_shared<char>();
};

Reached<void> HttpClient::Call::check_request() const {
  using enum Failure::Why;
  if (!http::is_token(request_.method) || request_.method == "CONNECT") {
    return failed(kBadMethod, "the method is not a token, or CONNECT");
  }
  if (request_.body.size() > kMaxRequestBytes) {
    return failed(kTooLarge, fmt::format("a request has a body of at most {} bytes", kMaxRequestBytes));
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : request_.fields) {
    if (!http::is_token(name) || !http::is_field_value(value)) {
      return failed(kBadFields, "the name of a header is no token, or its value has control characters");
    }
    bytes += name.size() + value.size();
  }
  if (bytes > kMaxRequestFieldBytes) {
    return failed(kBadFields, fmt::format("a request has headers of at most {} bytes", kMaxRequestFieldBytes));
  }
  return {};
}

void HttpClient::Call::begin() {
  if (auto checked = check_request(); !checked) return finish(tl::unexpected(std::move(checked.error())));
  auto url = Url::parse(request_.url);
  if (!url) return finish(tl::unexpected(std::move(url.error())));
  url_ = std::move(*url);
  search_ = client_.finder_.find(rules_, url_->destination(), [this](const auto& addresses) { found(addresses); });
}

void HttpClient::Call::found(const Reached<std::vector<Address>>& addresses) {
  if (!addresses) return finish(tl::unexpected(addresses.error()));
  addresses_.assign(addresses->rbegin(), addresses->rend());
  connect();
}

void HttpClient::Call::connect() {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now());
  attempt_ = std::make_unique<CurlRequest>(request_, *url_, addresses_.back(),
                                           CurlRequest::Options{.ca_file = client_.ca_file_,
                                                                .response_bytes = limits_.response_bytes,
                                                                .time = std::max(left, milliseconds(1)),
                                                                .connect_time = connect_time(limits_)});
  addresses_.pop_back();
  ++usage_.requests;
  client_.transfers_.start(attempt_->get(), [this](CURLcode code) { ended(code); });
  attempted_ = steady_clock::now();
  watch();
}

// Looks again when the bytes that are awaited now would be late.
void HttpClient::Call::watch() {
  const auto last = attempt_->last_bytes();
  const auto& patience = last ? limits_.between_bytes : limits_.first_byte ? limits_.first_byte : limits_.between_bytes;
  if (!patience) return;
  patience_.expires_at(last || limits_.first_byte ? last.value_or(attempted_) + *patience
                                                  : steady_clock::now() + *patience);
  patience_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired() && attempt_) check_patience();
  });
}

void HttpClient::Call::check_patience() {
  const auto last = attempt_->last_bytes();
  const auto& patience = last ? limits_.between_bytes : limits_.first_byte;
  if (!patience || steady_clock::now() < last.value_or(attempted_) + *patience) return watch();
  drop_attempt();
  finish(failed(Failure::Why::kTimeout,
                fmt::format("{} did not {} within the {} ms that the function gave it", url_->destination().text(),
                            last ? "go on" : "answer", patience->count())));
}

void HttpClient::Call::ended(CURLcode code) {
  const bool next_address = attempt_->never_connected(code) && !addresses_.empty() && steady_clock::now() < deadline_;
  auto response = attempt_->take(code);
  drop_attempt();
  if (next_address) return connect();
  if (!response || limits_.redirects == 0) return finish(std::move(response));
  auto next = redirected(request_, *url_, *response);
  if (!next) return finish(std::move(response));
  if (followed_++ == limits_.redirects) {
    return finish(failed(Failure::Why::kBroken, fmt::format("{} redirects for ever", url_->destination().text())));
  }
  request_ = std::move(*next);
  begin();
}

void HttpClient::Call::drop_attempt() {
  if (!attempt_) return;
  client_.transfers_.cancel(attempt_->get());
  usage_.connections += attempt_->connections();
  usage_.bytes_out += attempt_->bytes_out();
  usage_.bytes_in += attempt_->bytes_in();
  attempt_.reset();
  patience_.cancel();
}

void HttpClient::Call::finish(Reached<HttpResponse> response) {
  if (!response && response.error().why == Failure::Why::kNotAllowed) ++usage_.refused;
  const Done done = std::move(done_);
  done(std::move(response));  // which may destroy this
}

std::unique_ptr<HttpCall> HttpClient::send(const Rules& rules, HttpRequest request, const HttpLimits& limits,
                                           metrics::Egress& usage, Done done) {
  auto call = std::make_unique<Call>(*this, rules, std::move(request), limits, usage, std::move(done));
  call->start();
  return call;
}

}  // namespace mayfly::egress
