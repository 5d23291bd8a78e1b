#include "egress/rules.h"

#include "egress/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mayfly::egress {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kBadOption, fmt::format("`{}`: {}", text.substr(0, 300), why));
}

std::string bracketed(std::string_view host) {
  return host.find(':') == std::string_view::npos ? std::string(host) : fmt::format("[{}]", host);
}

// HOST, HOST:PORT, with brackets around an IPv6 address.
struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

HostAndPort split(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::string> unbracketed_host(std::string_view host) {
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  const bool v6 = host.find(':') != std::string_view::npos;
  if (brackets != v6) return std::nullopt;
  return canonical_host(brackets ? host.substr(1, host.size() - 2) : host);
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::string Destination::text() const {
  switch (protocol) {
    case Protocol::kTcp: return fmt::format("{}:{}", bracketed(host), port);
    case Protocol::kHttp:
      return port == kHttpPort ? fmt::format("http://{}", bracketed(host))
                               : fmt::format("http://{}:{}", bracketed(host), port);
    case Protocol::kHttps:
      return port == kHttpsPort ? fmt::format("https://{}", bracketed(host))
                                : fmt::format("https://{}:{}", bracketed(host), port);
  }
  return "";
}

Reached<Destination> parse_tcp_destination(std::string_view text) {
  constexpr std::size_t kLongest = kMaxHostBytes + std::string_view("[]:65535").size();  // a guest may send megabytes
  const HostAndPort parts = split(text.substr(0, kLongest));
  const auto host = unbracketed_host(parts.host);
  const auto port = parts.port ? parse_port(*parts.port) : std::nullopt;
  if (!host || !port || text.size() > kLongest) {
    return failed(Failure::Why::kNotAllowed, fmt::format("`{}` is not HOST:PORT", text.substr(0, kMaxHostBytes)));
  }
  return Destination{Protocol::kTcp, *host, *port};
}

bool Rules::Rule::covers(Protocol protocol, std::uint16_t to_port) const {
  if (port && *port != to_port) return false;
  switch (scheme) {
    case Scheme::kTcp: return protocol == Protocol::kTcp;
    case Scheme::kHttp: return protocol == Protocol::kHttp;
    case Scheme::kHttps: return protocol == Protocol::kHttps;
    case Scheme::kAnyHttp: return protocol != Protocol::kTcp;
  }
  return false;
}

std::string Rules::Rule::text() const {
  const std::string to_host = host.empty() ? "*" : bracketed(host);
  const std::string to_port = port ? fmt::format(":{}", *port) : ":*";
  if (host.empty() && !port && scheme == Scheme::kTcp) return "tcp=*";
  if (host.empty() && !port && scheme == Scheme::kAnyHttp) return "http=*";
  switch (scheme) {
    case Scheme::kTcp: return fmt::format("tcp={}{}", to_host, to_port);
    case Scheme::kHttp: return fmt::format("http=http://{}{}", to_host, port == kHttpPort ? "" : to_port);
    case Scheme::kHttps: return fmt::format("http=https://{}{}", to_host, port == kHttpsPort ? "" : to_port);
    case Scheme::kAnyHttp: return fmt::format("http=*://{}{}", to_host, to_port);
  }
  return "";
}

Result<Rules::Rule> Rules::parse_tcp(std::string_view text) {
  Rule rule{Scheme::kTcp, "", std::nullopt};
  if (text == "*") return rule;
  const HostAndPort parts = split(text);
  if (!parts.port) return bad(text, "write HOST:PORT, or * for either");
  if (parts.host != "*") {
    const auto host = unbracketed_host(parts.host);
    if (!host) return bad(text, "the host is a name, 10.0.0.1, [::1], or * for any");
    rule.host = *host;
  }
  if (*parts.port != "*") {
    rule.port = parse_port(*parts.port);
    if (!rule.port) return bad(text, "the port is a number from 1 to 65535, or * for any");
  }
  return rule;
}

Result<Rules::Rule> Rules::parse_http(std::string_view text) {
  Rule rule{Scheme::kAnyHttp, "", std::nullopt};
  if (text == "*") return rule;
  const auto colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon);
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https" && scheme != "*")) {
    return bad(text, "write an origin, such as https://api.example.com or http://10.0.0.1:8080, or * for any");
  }
  std::string_view rest = text.substr(colon + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos) return bad(text, "an origin has neither path nor user");
  const HostAndPort parts = split(rest);
  if (!parts.port && scheme == "*") return bad(text, "`*://HOST` needs a port, or `:*`");

  const std::string_view port = parts.port ? *parts.port : scheme == "http" ? "80" : "443";
  auto where = parse_tcp(fmt::format("{}:{}", parts.host, port));
  if (!where) return where;
  where->scheme = scheme == "http" ? Scheme::kHttp : scheme == "https" ? Scheme::kHttps : Scheme::kAnyHttp;
  return where;
}

Status Rules::add(Result<Rule> rule) {
  if (!rule) return fail(std::move(rule.error()));
  if (std::ranges::find(rules_, *rule) != rules_.end()) return {};
  if (rules_.size() == kMaxRules) {
    return fail(ErrorCode::kBadOption, fmt::format("a function connects to at most {} destinations", kMaxRules));
  }
  rules_.push_back(std::move(*rule));
  return {};
}

Status Rules::allow(std::string_view capability) {
  if (capability.starts_with("tcp=")) return add(parse_tcp(capability.substr(4)));
  if (capability.starts_with("http=")) return add(parse_http(capability.substr(5)));
  if (capability == "private") {
    private_ranges_ = true;
    return {};
  }
  return bad(capability, "write tcp=HOST:PORT, http=https://HOST, or private");
}

Status Rules::allow_wagi_host(std::string_view url) {
  if (url == "insecure:allow-all") {
    private_ranges_ = true;
    return allow("http=*");
  }
  const auto colon = url.find("://");
  std::string_view host = colon == std::string_view::npos ? "" : url.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.rfind('@') + 1);
  const auto name = unbracketed_host(split(host).host);
  if (colon == 0 || !name) {
    broken_ = true;
    return fail(ErrorCode::kBadConfig,
                fmt::format("allowed_hosts: `{}` is not a URL such as https://api.example.com", url.substr(0, 300)));
  }
  return add(Rule{Scheme::kAnyHttp, *name, std::nullopt});
}

Rules Rules::everything() {
  Rules rules;
  rules.rules_ = {{Scheme::kTcp, "", std::nullopt}, {Scheme::kAnyHttp, "", std::nullopt}};
  rules.private_ranges_ = true;
  return rules;
}

std::vector<std::string> Rules::capabilities() const {
  std::vector<std::string> all;
  for (const Rule& rule : rules_) all.push_back(rule.text());
  if (private_ranges_) all.emplace_back("private");
  return all;
}

Reached<void> Rules::permits(const Destination& to) const {
  if (broken_ && to.protocol != Protocol::kTcp) {
    return failed(Failure::Why::kBadUrl, "an entry of `allowed_hosts` is not a URL");
  }
  const bool listed = std::ranges::any_of(rules_, [&](const Rule& rule) {
    return (rule.host.empty() || rule.host == to.host) && rule.covers(to.protocol, to.port);
  });
  if (listed) return {};
  return failed(Failure::Why::kNotAllowed, fmt::format("{} is not granted; grant it with allow={}={}", to.text(),
                                                       to.protocol == Protocol::kTcp ? "tcp" : "http", to.text()));
}

Reached<void> Rules::permits_name(const std::string& host) const {
  const bool named = std::ranges::any_of(rules_, [&](const Rule& rule) {
    return rule.scheme == Scheme::kTcp && (rule.host.empty() || rule.host == host);
  });
  if (named) return {};
  return failed(Failure::Why::kNotAllowed,
                fmt::format("the addresses of `{}` are not granted; grant it with allow=tcp={}:PORT", host, host));
}

bool Rules::any_tcp() const {
  return std::ranges::any_of(rules_, [](const Rule& rule) { return rule.scheme == Scheme::kTcp; });
}

bool Rules::may_reach(const Destination& to, const Address& address) const {
  const Scope scope = scope_of(address);
  if (scope == Scope::kPublic || private_ranges_) return true;
  const std::string number = address.to_string();
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    const bool names_it = rule.host == number;
    const bool local = rule.host == "localhost" && to.host == "localhost" && scope == Scope::kLoopback;
    return (names_it || local) && rule.covers(to.protocol, to.port);
  });
}

Reached<std::vector<Address>> Rules::permitted(const Destination& to, const std::vector<Address>& found) const {
  std::vector<Address> reachable;
  for (const Address& given : found) {
    const Address address = unmapped(given);
    if (reachable.size() < kMaxAddresses && may_reach(to, address)) reachable.push_back(address);
  }
  if (!reachable.empty()) return reachable;
  if (found.empty()) return failed(Failure::Why::kUnknownName, fmt::format("there is no host `{}`", to.host));

  const Destination number{to.protocol, found.front().to_string(), to.port};
  const std::string_view kind = name_of(scope_of(found.front()));
  const std::string_view prefix = to.protocol == Protocol::kTcp ? "tcp" : "http";
  if (number.host == to.host) {
    return failed(Failure::Why::kNotAllowed,
                  fmt::format("{} is {}; grant it with allow={}={}", to.text(), kind, prefix, number.text()));
  }
  return failed(Failure::Why::kNotAllowed,
                fmt::format("{} leads to {}, {}; grant it with allow={}={}, or all such addresses with allow=private",
                            to.text(), number.host, kind, prefix, number.text()));
}

}  // namespace mayfly::egress
