#include "egress/finder.h"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

namespace mayfly::egress {

using Addresses = std::vector<Address>;

struct Finder::Search {
  Search(net::Loop& loop, const Rules& by, Destination to, Found then)
      : rules(by), destination(std::move(to)), found(std::move(then)), deadline(loop.io()) {}

  void finish(const Reached<Addresses>& addresses) {
    if (!found) return;
    deadline.cancel();
    const Found then = std::exchange(found, nullptr);
    then(addresses ? rules.permitted(destination, *addresses) : addresses);
  }

  const Rules& rules;
  const Destination destination;
  Found found;  // none once it is called
  boost::asio::steady_timer deadline;
};

std::shared_ptr<void> Finder::find(const Rules& rules, const Destination& destination, Found found) {
  auto search = std::make_shared<Search>(loop_, rules, destination, std::move(found));
  const auto finish = [weak = std::weak_ptr(search)](const Reached<Addresses>& addresses) {
    if (const auto self = weak.lock()) self->finish(addresses);
  };
  const auto finish_soon = [&](Reached<Addresses> addresses) {
    loop_.post([finish, addresses = std::move(addresses)] { finish(addresses); });
  };
  if (const auto permitted = rules.permits(destination); !permitted) {
    finish_soon(tl::unexpected(permitted.error()));
  } else if (const auto number = parse_address(destination.host)) {
    finish_soon(Addresses{*number});
  } else if (destination.host == "localhost") {  // never asked for (RFC 6761 section 6.3)
    finish_soon(Addresses{boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()});
  } else {
    search->deadline.expires_after(resolver_.patience());
    search->deadline.async_wait([finish, host = destination.host](const boost::system::error_code& error) {
      if (error) return;
      finish(failed(Failure::Why::kTimeout, fmt::format("the name server did not answer for `{}` in time", host)));
    });
    resolver_.resolve(destination.host, loop_, finish);
  }
  return search;
}

}  // namespace mayfly::egress
