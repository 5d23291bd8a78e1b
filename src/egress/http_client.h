#pragma once

#include "egress/finder.h"
#include "egress/http_message.h"
#include "egress/transfers.h"
#include "metrics/egress.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::egress {

// One request on its way, redirects included. Destroying it cancels it: nothing is called after that.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

// One whose bodies stream. Once it is over, what has come can still be read.
class HttpExchange : public HttpCall {
 public:
  // Takes what there is room for of the request's body, from its start, and says how much; none when nobody takes more.
  virtual std::optional<std::size_t> write(std::string_view bytes) = 0;
  virtual void end(http::Fields trailers) = 0;
  // The next part of the response's body. An error when it broke off, behind what had come.
  virtual Reached<HttpPart> read() = 0;
  virtual std::size_t held() const = 0;  // bytes of the response that are to be read
  virtual bool is_over() const = 0;
};

// HTTP/1.1 requests to where rules allow: http and https, no proxy, no cookies, no file of credentials. Certificates
// are checked. Connections are kept and shared by the functions of a loop, keyed by origin and checked address. One per
// loop.
class HttpClient {
 public:
  // `ca_file`: PEM of the certificate authorities to trust; "" for the system's.
  HttpClient(Finder& finder, std::string ca_file)
      : finder_(finder), transfers_(finder.loop()), ca_file_(std::move(ca_file)) {}

  using Done = std::function<void(Reached<HttpResponse>)>;
  // Calls `done` once, later, on the loop; it may destroy the call. Fields that frame the message are ours and left out
  // of the request's. `rules` and `usage` outlive the call.
  [[nodiscard]] std::unique_ptr<HttpCall> send(const Rules& rules, HttpRequest request, const HttpLimits& limits,
                                               metrics::Egress& usage, Done done);

  // The same, with bodies that stream: `head` is called as `done` above, as soon as the response's head is there;
  // `moved` whenever there is room again that write() lacked and, after that, what read() lacked has come, or it is
  // over. No redirect is followed.
  [[nodiscard]] std::unique_ptr<HttpExchange> open(const Rules& rules, HttpRequest request, const HttpLimits& limits,
                                                   metrics::Egress& usage, Done head, std::function<void()> moved);

 private:
  class Call;

  Finder& finder_;
  Transfers transfers_;
  std::string ca_file_;
};

}  // namespace mayfly::egress
