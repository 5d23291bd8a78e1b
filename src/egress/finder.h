#pragma once

#include "egress/resolver.h"
#include "egress/rules.h"

#include <functional>
#include <memory>
#include <vector>

namespace mayfly::egress {

// From a destination to the addresses that may be connected to: the rules, the name, the rules again. A connection is
// made to one of these and no name is resolved after that, so what was checked is what is reached. One per loop.
class Finder {
 public:
  Finder(net::Loop& loop, Resolver& resolver) : loop_(loop), resolver_(resolver) {}

  using Found = std::function<void(const Reached<std::vector<Address>>&)>;
  // Calls `found` once, later, on the loop; never once what is returned is destroyed. `rules` outlives that.
  [[nodiscard]] std::shared_ptr<void> find(const Rules& rules, const Destination& destination, Found found);

  // The addresses of a name that rules for raw connections mention, whatever they reach: a connection to one is checked
  // by itself. Otherwise as find().
  [[nodiscard]] std::shared_ptr<void> look_up(const Rules& rules, const std::string& host, Found found);

  net::Loop& loop() { return loop_; }

 private:
  struct Search;

  std::shared_ptr<void> begin(std::shared_ptr<Search> search, const Reached<void>& permitted);

  net::Loop& loop_;
  Resolver& resolver_;
};

}  // namespace mayfly::egress
