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
    then(addresses && checks ? rules.permitted(destination, *addresses) : addresses);
  }

  const Rules& rules;
  const Destination destination;
  Found found;         // none once it is called
  bool checks = true;  // what is found
  boost::asio::steady_timer deadline;
};

std::shared_ptr<void> Finder::find(const Rules& rules, const Destination& destination, Found found) {
  return begin(std::make_shared<Search>(loop_, rules, destination, std::move(found)), rules.permits(destination));
}

std::shared_ptr<void> Finder::look_up(const Rules& rules, const std::string& host, Found found) {
  auto search = std::make_shared<Search>(loop_, rules, Destination{Protocol::kTcp, host, 0}, std::move(found));
  search->checks = false;
  return begin(std::move(search), rules.permits_name(host));
}

std::shared_ptr<void> Finder::begin(std::shared_ptr<Search> search, const Reached<void>& permitted) {
  const Destination& destination = search->destination;
  const auto finish = [weak = std::weak_ptr(search)](const Reached<Addresses>& addresses) {
    if (const auto self = weak.lock()) self->finish(addresses);
  };
  const auto finish_soon = [&](Reached<Addresses> addresses) {
    loop_.post([finish, addresses = std::move(addresses)] { finish(addresses); });
  };
  if (!permitted) {
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
