#include "egress/addresses.h"

#include "egress/limits.h"

#include <algorithm>
#include <array>

namespace mayfly::egress {
namespace {

namespace ip = boost::asio::ip;
using V6 = ip::address_v6::bytes_type;

struct Block {
  std::uint32_t network;
  int bits;
  Scope scope;
};

constexpr std::uint32_t number(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// IANA's registry of special-purpose addresses, as far as they can be connected to.
constexpr std::array kBlocks = {
    Block{number(0, 0, 0, 0), 8, Scope::kUnspecified},    Block{number(10, 0, 0, 0), 8, Scope::kPrivate},
    Block{number(100, 64, 0, 0), 10, Scope::kPrivate},    Block{number(127, 0, 0, 0), 8, Scope::kLoopback},
    Block{number(169, 254, 0, 0), 16, Scope::kLinkLocal}, Block{number(172, 16, 0, 0), 12, Scope::kPrivate},
    Block{number(192, 0, 0, 0), 24, Scope::kPrivate},     Block{number(192, 168, 0, 0), 16, Scope::kPrivate},
    Block{number(198, 18, 0, 0), 15, Scope::kPrivate},    Block{number(224, 0, 0, 0), 4, Scope::kMulticast},
    Block{number(240, 0, 0, 0), 4, Scope::kReserved},
};

Scope scope_of_v4(std::uint32_t address) {
  const auto in = [&](const Block& block) { return (address ^ block.network) >> (32 - block.bits) == 0; };
  const auto* found = std::ranges::find_if(kBlocks, in);
  return found == kBlocks.end() ? Scope::kPublic : found->scope;
}

bool starts_with(const V6& bytes, std::initializer_list<unsigned char> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::uint32_t v4_at(const V6& bytes, std::size_t offset) {
  return number(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]);
}

Scope scope_of_v6(const V6& bytes) {
  static constexpr std::initializer_list<unsigned char> kZeros = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  if (starts_with(bytes, kZeros)) {
    if (bytes[10] == 0xFF && bytes[11] == 0xFF) return scope_of_v4(v4_at(bytes, 12));
    if (bytes[10] == 0 && bytes[11] == 0)
      return v4_at(bytes, 12) == 1 ? Scope::kLoopback : scope_of_v4(v4_at(bytes, 12));
  }
  if (starts_with(bytes, {0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return scope_of_v4(v4_at(bytes, 12));
  if (starts_with(bytes, {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01})) return Scope::kPrivate;  // NAT64 of RFC 8215
  if (starts_with(bytes, {0x20, 0x02})) return scope_of_v4(v4_at(bytes, 2));             // 6to4
  if (starts_with(bytes, {0x20, 0x01, 0, 0})) return scope_of_v4(~v4_at(bytes, 12));     // Teredo: the client, inverted
  if ((bytes[0] & 0xFE) == 0xFC) return Scope::kPrivate;
  if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) return Scope::kLinkLocal;
  if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0xC0) return Scope::kPrivate;  // site-local, until RFC 3879
  if (bytes[0] == 0xFF) return Scope::kMulticast;
  return Scope::kPublic;
}

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (text.empty() || text.size() > kMaxHostBytes || text.front() == '.' || !std::ranges::all_of(text, allowed)) {
    return false;
  }
  const std::string_view last_label = text.substr(text.rfind('.') + 1);
  return last_label.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace

Scope scope_of(const Address& address) {
  return address.is_v4() ? scope_of_v4(address.to_v4().to_uint()) : scope_of_v6(address.to_v6().to_bytes());
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::kPublic: return "a public address";
    case Scope::kLoopback: return "a loopback address";
    case Scope::kPrivate: return "a private address";
    case Scope::kLinkLocal: return "a link-local address";
    case Scope::kUnspecified: return "an unspecified address";
    case Scope::kMulticast: return "a multicast address";
    case Scope::kReserved: return "a reserved address";
  }
  return "";
}

Address unmapped(const Address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<Address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const Address address = ip::make_address(text, error);
  if (error || text.find('%') != std::string_view::npos) return std::nullopt;
  return unmapped(address);
}

std::optional<std::string> canonical_host(std::string_view text) {
  if (const auto address = parse_address(text)) return address->to_string();
  std::string name(text);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!is_name(name)) return std::nullopt;
  return name;
}

}  // namespace mayfly::egress
