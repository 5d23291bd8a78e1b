#pragma once

#include "base/result.h"
#include "egress/addresses.h"
#include "egress/failure.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::egress {

enum class Protocol { kTcp, kHttp, kHttps };

// Where a guest wants to connect.
struct Destination {
  Protocol protocol = Protocol::kTcp;
  std::string host;  // canonical
  std::uint16_t port = 0;

  std::string text() const;  // `db:5432`, `https://api.example.com`
};

// HOST:PORT; kNotAllowed when it is not of this form.
Reached<Destination> parse_tcp_destination(std::string_view text);

// What a function may connect to: nothing, unless allowed. Immutable once its function is deployed.
class Rules {
 public:
  // One capability. kBadOption, saying what is wrong, for anything but
  //   tcp=HOST:PORT, tcp=HOST:*, tcp=*:PORT, tcp=*              raw connections
  //   http=https://HOST, http=http://HOST:PORT, http=*          requests; SCHEME, HOST and PORT may each be `*`
  //   private                                                   private addresses, see permitted()
  Status allow(std::string_view capability);
  // An entry of WAGI's `allowed_hosts`: a URL, of which the host counts, or `insecure:allow-all`. kBadConfig when it is
  // no URL; every request of the function fails then, as it does in WAGI.
  Status allow_wagi_host(std::string_view url);

  static Rules everything();

  // As allow() takes them; with is_broken() they are all there is.
  std::vector<std::string> capabilities() const;
  bool is_broken() const { return broken_; }
  void set_broken() { broken_ = true; }

  // Whether a destination may be tried.
  Reached<void> permits(const Destination& destination) const;
  // Whether the addresses of a name may be asked for: a rule for raw connections names it, or any host.
  Reached<void> permits_name(const std::string& host) const;
  // Whether any raw connection may be made.
  bool any_tcp() const;
  // Which of its addresses may be connected to; a failure when none may. One that is not public - of this machine, its
  // networks, its cloud - must be named as a number by a rule, or be that of `localhost` where a rule names it, or all
  // such addresses must be allowed with `private`.
  Reached<std::vector<Address>> permitted(const Destination& destination, const std::vector<Address>& found) const;

  bool operator==(const Rules&) const = default;

 private:
  enum class Scheme { kTcp, kHttp, kHttps, kAnyHttp };
  struct Rule {
    Scheme scheme = Scheme::kTcp;
    std::string host;                   // canonical; "" for any
    std::optional<std::uint16_t> port;  // none for any

    bool covers(Protocol protocol, std::uint16_t to_port) const;
    std::string text() const;
    bool operator==(const Rule&) const = default;
  };

  static Result<Rule> parse_tcp(std::string_view text);
  static Result<Rule> parse_http(std::string_view text);
  Status add(Result<Rule> rule);
  bool may_reach(const Destination& destination, const Address& address) const;

  std::vector<Rule> rules_;
  bool private_ranges_ = false;
  bool broken_ = false;  // WAGI: an entry of allowed_hosts is no URL
};

}  // namespace mayfly::egress
