#include "egress/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace mayfly::egress {
namespace {

struct FreeInfo {
  void operator()(addrinfo* info) const { ::freeaddrinfo(info); }
};

Address address_of(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, info.ai_addr, sizeof v4);
    return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, info.ai_addr, sizeof v6);
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return boost::asio::ip::address_v6(bytes);
}

}  // namespace

std::vector<Address> Resolver::system_lookup(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, FreeInfo> owned(found);
  std::vector<Address> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) addresses.push_back(address_of(*info));
  }
  return addresses;
}

Resolver::Resolver(Options options) : options_(std::move(options)), workers_("resolve", options_.threads) {}

void Resolver::resolve(const std::string& name, net::Loop& loop, Done done) {
  const auto post = [&](Reached<std::vector<Address>> answer) {
    loop.post([answer = std::move(answer), done = std::move(done)] { done(answer); });
  };
  auto entries = entries_.lock();
  const auto found = entries->find(name);
  if (found != entries->end() && found->second.known && found->second.expires > options_.now()) {
    return post(found->second.addresses);
  }
  if (found != entries->end() && !found->second.known) {
    found->second.waiting.push_back({loop, std::move(done)});
    return;
  }
  if (workers_.waiting() >= kMaxLookups) {
    return post(failed(Failure::Why::kTimeout, "too many host names wait to be looked up"));
  }
  if (found == entries->end()) make_room(*entries);
  Entry asked;
  asked.waiting.push_back({loop, std::move(done)});
  entries->insert_or_assign(name, std::move(asked));
  workers_.post([this, name] { look_up(name); });
}

void Resolver::look_up(const std::string& name) {
  const std::vector<Address> addresses = options_.lookup(name);
  std::vector<Waiter> waiting;
  {
    auto entries = entries_.lock();
    Entry& entry = (*entries)[name];
    waiting.swap(entry.waiting);
    entry.known = true;
    entry.addresses = addresses;
    entry.expires = options_.now() + kNameKept;
  }
  for (Waiter& waiter : waiting) {
    waiter.loop.post([addresses, done = std::move(waiter.done)] { done(addresses); });
  }
}

// Names that nobody waits for may be forgotten at any time.
void Resolver::make_room(Entries& entries) const {
  if (entries.size() < kMaxKeptNames) return;
  const auto now = options_.now();
  std::erase_if(entries, [&](const auto& entry) { return entry.second.known && entry.second.expires <= now; });
  if (entries.size() < kMaxKeptNames) return;
  std::erase_if(entries, [](const auto& entry) { return entry.second.known; });
}

}  // namespace mayfly::egress
