#include "egress/redirect.h"

namespace mayfly::egress {
namespace {

bool is_same_origin(const Destination& a, const Destination& b) {
  return a.protocol == b.protocol && a.host == b.host && a.port == b.port;
}

}  // namespace

std::optional<HttpRequest> redirected(const HttpRequest& request, const Url& url, const HttpResponse& response) {
  const bool keeps_method = response.status == 307 || response.status == 308;
  const bool turns_to_get = response.status == 301 || response.status == 302 || response.status == 303;
  const std::string* location = response.fields.find("Location");
  if (location == nullptr || !(keeps_method || turns_to_get)) return std::nullopt;
  const auto target = url.resolve(*location);
  if (!target) return std::nullopt;

  HttpRequest next = request;
  next.url = target->text();
  if (turns_to_get) {
    if (next.method != "HEAD") next.method = "GET";
    next.body.clear();
    for (const auto* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}) {
      next.fields.remove(name);
    }
  }
  if (!is_same_origin(url.destination(), target->destination())) {
    for (const auto* name : {"Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "WWW-Authenticate"}) {
      next.fields.remove(name);
    }
  }
  return next;
}

}  // namespace mayfly::egress
