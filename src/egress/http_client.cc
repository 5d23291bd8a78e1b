#include "egress/http_client.h"

#include "egress/curl_request.h"
#include "egress/limits.h"
#include "egress/redirect.h"
#include "egress/upload.h"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

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
// One that streams has tell() called in between, on the way out of libcurl.
class HttpClient::Call final : public HttpExchange {
 public:
  // `moved`: of one that streams.
  Call(HttpClient& client, const Rules& rules, HttpRequest request, const HttpLimits& limits, metrics::Egress& usage,
       Done done, std::function<void()> moved)
      : client_(client),
        rules_(rules),
        request_(std::move(request)),
        limits_(limits),
        usage_(usage),
        done_(std::move(done)),
        moved_(std::move(moved)),
        deadline_(steady_clock::now() + limits.time),
        patience_(client.finder_.loop().io()) {
    if (request_.streams_body) upload_.emplace(std::move(request_.body), request_.length);
  }
  ~Call() override { drop_attempt(); }

  // Even what fails at once is answered later.
  void start() {
    client_.finder_.loop().post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) begin();
    });
  }

  // HttpExchange
  std::optional<std::size_t> write(std::string_view bytes) override;
  void end(http::Fields trailers) override;
  Reached<HttpPart> read() override;
  std::size_t held() const override { return attempt_ ? attempt_->held() : rest_.size(); }
  bool is_over() const override { return is_over_; }

 private:
  bool streams() const { return moved_ != nullptr; }
  Reached<void> check_request() const;
  void begin();
  void found(const Reached<std::vector<Address>>& addresses);
  void connect();
  std::optional<steady_clock::time_point> patience_ends() const;
  void watch();
  void check_patience();
  void note_news();
  void tell();
  void ended(CURLcode code);
  void count();
  void drop_attempt();
  void settle(std::optional<Failure> broke);
  void finish(Reached<HttpResponse> response);

  HttpClient& client_;
  const Rules& rules_;
  HttpRequest request_;
  const HttpLimits limits_;
  metrics::Egress& usage_;
  Done done_;  // null once it is called
  const std::function<void()> moved_;
  const steady_clock::time_point deadline_;

  std::optional<Url> url_;
  std::shared_ptr<void> search_;
  std::vector<Address> addresses_;  // to try, the last one first
  std::optional<Upload> upload_;    // before who sends it
  std::unique_ptr<CurlRequest> attempt_;
  steady_clock::time_point attempted_;  // its start
  metrics::Egress counted_;             // of it
  boost::asio::steady_timer patience_;  // for its bytes
  int followed_ = 0;                    // redirects

  // Of one that streams.
  bool has_news_ = false;                                 // tell() is on its way
  bool writer_waits_ = false;                             // for room
  std::optional<steady_clock::time_point> reader_waits_;  // since
  std::string read_;                                      // what was read last
  bool is_over_ = false;                                  // and then:
  std::string rest_;
  http::Fields trailers_;
  std::optional<Failure> broke_;
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
  std::function<void()> on_news;
  if (streams()) on_news = [this] { note_news(); };
  attempt_ = std::make_unique<CurlRequest>(request_, *url_, addresses_.back(),
                                           CurlRequest::Options{.ca_file = client_.ca_file_,
                                                                .response_bytes = limits_.response_bytes,
                                                                .time = std::max(left, milliseconds(1)),
                                                                .connect_time = connect_time(limits_),
                                                                .upload = upload_ ? &*upload_ : nullptr,
                                                                .on_news = on_news});
  addresses_.pop_back();
  ++usage_.requests;
  client_.transfers_.start(attempt_->get(), [this](CURLcode code) { ended(code); });
  attempted_ = steady_clock::now();
  watch();
}

// When the bytes that are awaited now would be late; none while nobody waits for any.
std::optional<steady_clock::time_point> HttpClient::Call::patience_ends() const {
  const auto last = attempt_->last_bytes();
  if (!last) return limits_.first_byte ? std::optional(attempted_ + *limits_.first_byte) : std::nullopt;
  if (!limits_.between_bytes) return std::nullopt;
  if (!streams() || done_ != nullptr) return *last + *limits_.between_bytes;
  if (!reader_waits_) return std::nullopt;
  return std::max(*last, *reader_waits_) + *limits_.between_bytes;
}

// Looks again when they would be late, or might be awaited.
void HttpClient::Call::watch() {
  const bool is_read = streams() && done_ == nullptr;  // then it is watched anew with every wait
  const auto ends = patience_ends();
  if (!ends && (is_read || !limits_.between_bytes)) return;
  patience_.expires_at(ends ? *ends : steady_clock::now() + *limits_.between_bytes);
  patience_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired() && attempt_) check_patience();
  });
}

void HttpClient::Call::check_patience() {
  const auto ends = patience_ends();
  if (!ends || steady_clock::now() < *ends) return watch();
  const bool has_begun = attempt_->last_bytes().has_value();
  const auto& patience = has_begun ? limits_.between_bytes : limits_.first_byte;
  Failure late{Failure::Why::kTimeout,
               fmt::format("{} did not {} within the {} ms that the function gave it", url_->destination().text(),
                           has_begun ? "go on" : "answer", patience->count())};
  if (streams()) return settle(std::move(late));
  drop_attempt();
  finish(tl::unexpected(std::move(late)));
}

// Inside libcurl.
void HttpClient::Call::note_news() {
  if (has_news_ || (done_ == nullptr && !reader_waits_ && !writer_waits_)) return;
  has_news_ = true;
  client_.finder_.loop().post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) tell();
  });
}

void HttpClient::Call::tell() {
  has_news_ = false;
  if (attempt_) count();
  const bool has_part = reader_waits_ && (held() != 0 || is_over_);
  if (has_part) reader_waits_.reset();
  if (std::exchange(writer_waits_, false) || has_part) moved_();
  if (done_ != nullptr && attempt_ && attempt_->has_head()) finish(attempt_->take_head());
}

void HttpClient::Call::ended(CURLcode code) {
  const bool next_address = attempt_->never_connected(code) && !addresses_.empty() && steady_clock::now() < deadline_;
  if (next_address) {
    drop_attempt();
    return connect();
  }
  if (streams()) {
    const auto ended = attempt_->result(code);
    return settle(ended ? std::nullopt : std::optional(ended.error()));
  }
  auto response = attempt_->take(code);
  drop_attempt();
  if (!response || limits_.redirects == 0) return finish(std::move(response));
  auto next = redirected(request_, *url_, *response);
  if (!next) return finish(std::move(response));
  if (followed_++ == limits_.redirects) {
    return finish(failed(Failure::Why::kBroken, fmt::format("{} redirects for ever", url_->destination().text())));
  }
  request_ = std::move(*next);
  begin();
}

// What the attempt has used so far: who asked may end before it does.
void HttpClient::Call::count() {
  const auto add = [](auto& sum, auto& before, auto now) { sum += now - std::exchange(before, now); };
  add(usage_.connections, counted_.connections, attempt_->connections());
  add(usage_.bytes_out, counted_.bytes_out, attempt_->bytes_out());
  add(usage_.bytes_in, counted_.bytes_in, attempt_->bytes_in());
}

void HttpClient::Call::drop_attempt() {
  if (!attempt_) return;
  client_.transfers_.cancel(attempt_->get());
  count();
  counted_ = {};
  attempt_.reset();
  patience_.cancel();
}

// The end of one that streams: what has come of the response is still read.
void HttpClient::Call::settle(std::optional<Failure> broke) {
  std::optional<HttpResponse> head;
  if (done_ != nullptr && attempt_->has_head()) head = attempt_->take_head();
  attempt_->take_body(rest_);
  trailers_ = attempt_->take_trailers();
  drop_attempt();
  is_over_ = true;
  broke_ = std::move(broke);
  reader_waits_.reset();
  writer_waits_ = false;
  if (done_ == nullptr) return moved_();
  if (head) finish(std::move(*head));
  else finish(tl::unexpected(*broke_));
}

void HttpClient::Call::finish(Reached<HttpResponse> response) {
  if (!response && response.error().why == Failure::Why::kNotAllowed) ++usage_.refused;
  const Done done = std::exchange(done_, nullptr);
  done(std::move(response));  // which may destroy this
}

std::optional<std::size_t> HttpClient::Call::write(std::string_view bytes) {
  if (is_over_ || !upload_ || upload_->is_broken()) return std::nullopt;
  const std::size_t taken = upload_->write(bytes);
  writer_waits_ = taken < bytes.size();
  if (attempt_) attempt_->send_on();
  return taken;
}

void HttpClient::Call::end(http::Fields trailers) {
  upload_->end(std::move(trailers));
  if (attempt_) attempt_->send_on();
}

Reached<HttpPart> HttpClient::Call::read() {
  if (attempt_) {
    count();
    attempt_->take_body(read_);
    attempt_->receive_on();
  } else {
    read_ = std::exchange(rest_, {});
  }
  if (!read_.empty()) {
    reader_waits_.reset();
    return HttpPart{.bytes = read_};
  }
  if (is_over_) {
    if (broke_) return tl::unexpected(*broke_);
    return HttpPart{.bytes = {}, .is_last = true, .trailers = trailers_};
  }
  if (!reader_waits_) {
    reader_waits_ = steady_clock::now();
    watch();
  }
  return HttpPart{};
}

std::unique_ptr<HttpCall> HttpClient::send(const Rules& rules, HttpRequest request, const HttpLimits& limits,
                                           metrics::Egress& usage, Done done) {
  auto call = std::make_unique<Call>(*this, rules, std::move(request), limits, usage, std::move(done), nullptr);
  call->start();
  return call;
}

std::unique_ptr<HttpExchange> HttpClient::open(const Rules& rules, HttpRequest request, const HttpLimits& limits,
                                               metrics::Egress& usage, Done head, std::function<void()> moved) {
  auto call =
      std::make_unique<Call>(*this, rules, std::move(request), limits, usage, std::move(head), std::move(moved));
  call->start();
  return call;
}

}  // namespace mayfly::egress
