#pragma once

#include "egress/finder.h"
#include "egress/http_message.h"
#include "egress/transfers.h"
#include "metrics/egress.h"

#include <functional>
#include <memory>
#include <string>

namespace mayfly::egress {

// One request on its way, redirects included. Destroying it cancels it: nothing is called after that.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
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

 private:
  class Call;

  Finder& finder_;
  Transfers transfers_;
  std::string ca_file_;
};

}  // namespace mayfly::egress
