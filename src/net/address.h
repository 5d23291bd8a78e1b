#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mayfly::net {

// `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`, split; the host may be a name.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const;
  bool operator==(const HostPort&) const = default;
};

// kBadOption, saying what is wrong, when `text` is not of one of these forms.
Result<HostPort> parse_host_port(std::string_view text);

// Whether a host, as in a Host header or a listen address, names this machine alone.
bool is_loopback_host(std::string_view host);

}  // namespace mayfly::net
