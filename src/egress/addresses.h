#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::egress {

using Address = boost::asio::ip::address;

// Whom an address reaches. Only kPublic is open to a rule that does not name the address itself.
enum class Scope {
  kPublic,
  kLoopback,     // 127/8, ::1
  kPrivate,      // RFC 1918, RFC 4193, 100.64/10 of RFC 6598, 198.18/15 of RFC 2544, and other local use
  kLinkLocal,    // 169.254/16, where clouds keep credentials of the machine; fe80::/10
  kUnspecified,  // 0/8 and ::, which Linux takes for this machine
  kMulticast,
  kReserved,  // 240/4, with the broadcast address
};

// Of an IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo), the scope of that one.
Scope scope_of(const Address& address);

// `a private address`
std::string_view name_of(Scope scope);

// IPv4 mapped into IPv6 as IPv4; any other as it is.
Address unmapped(const Address& address);

// A number as people write it: `10.0.0.5`, `::1`, without brackets or zone, unmapped.
std::optional<Address> parse_address(std::string_view text);

// A host in the one form in which hosts are compared: a number, or a name in lower case. None when it is neither; a
// name whose last label is digits is a number with a mistake.
std::optional<std::string> canonical_host(std::string_view text);

}  // namespace mayfly::egress
