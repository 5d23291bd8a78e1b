#pragma once

#include "base/guarded.h"
#include "egress/addresses.h"
#include "egress/failure.h"
#include "egress/limits.h"
#include "net/loop.h"
#include "net/workers.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace mayfly::egress {

// Host names to addresses, for all loops: on threads of its own, as the C library blocks. A name that many ask for is
// looked up once, and remembered for kNameKept whether it was found or not.
class Resolver {
 public:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(const Reached<std::vector<Address>>&)>;

  struct Options {
    unsigned threads = kLookupThreads;
    std::function<std::vector<Address>(const std::string& name)> lookup = system_lookup;  // blocks; empty: no such name
    std::function<Clock::time_point()> now = Clock::now;
    std::chrono::milliseconds patience = kLookupTime;
  };
  Resolver() : Resolver(Options()) {}
  explicit Resolver(Options options);

  // Posts the addresses of a name to `loop`. An unknown name has none; it is a failure when too many lookups wait.
  // Any thread.
  void resolve(const std::string& name, net::Loop& loop, Done done);

  // How long an answer is worth waiting for.
  std::chrono::milliseconds patience() const { return options_.patience; }

  // No answer is posted once this has returned true; false when a lookup takes longer than `time`. To be called
  // before the loops go.
  bool stop(std::chrono::milliseconds time) { return workers_.stop(time); }

  static std::vector<Address> system_lookup(const std::string& name);

 private:
  struct Waiter {
    net::Loop& loop;
    Done done;
  };
  struct Entry {
    bool known = false;  // otherwise a thread will
    std::vector<Address> addresses;
    Clock::time_point expires;
    std::vector<Waiter> waiting;
  };
  using Entries = std::map<std::string, Entry>;

  void look_up(const std::string& name);
  void make_room(Entries& entries) const;

  Options options_;
  Guarded<Entries> entries_;
  net::Workers workers_;
};

}  // namespace mayfly::egress
