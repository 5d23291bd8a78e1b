#include "server/access.h"

#include "net/address.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace mayfly::server {
namespace {

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

}  // namespace

Status Access::check(const http::Request& request) const {
  const std::string_view host = request.fields.get("Host");
  if (const std::string* origin = request.fields.find("Origin");
      origin != nullptr && *origin != fmt::format("http://{}", host)) {
    return fail(ErrorCode::kForeignOrigin, "the Origin header is not this server's own");
  }
  if (token_.empty()) {
    if (net::is_loopback_host(host_of(host))) return {};
    return fail(ErrorCode::kForeignHost, "the Host header is not a loopback name");
  }
  const std::string expected = "Bearer " + token_;
  const std::string_view given = request.fields.get("Authorization");
  // In constant time: how much of a guess is right must not show.
  const bool same = given.size() == expected.size() && CRYPTO_memcmp(given.data(), expected.data(), given.size()) == 0;
  return same ? Status() : fail(ErrorCode::kTokenNeeded, "the Authorization header has no valid admin token");
}

}  // namespace mayfly::server
