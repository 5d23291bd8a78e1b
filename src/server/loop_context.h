#pragma once

#include "base/log.h"
#include "http/limits.h"
#include "invoke/invocation.h"
#include "net/loop.h"
#include "registry/registry.h"
#include "server/outbox.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace mayfly::server {

class Connection;
class Dispatcher;

// What is counted about a loop; read by the metrics page from any thread.
struct LoopCounters {
  std::array<std::atomic<std::uint64_t>, 6> responses{};  // by the first digit of the status
  std::atomic<std::uint64_t> connections = 0;             // open now
  std::atomic<std::uint64_t> accepted = 0;
};

// What a server serves. Outlives it.
struct Services {
  registry::Registry& registry;
  invoke::Admission& admission;
  invoke::Background& background;
  invoke::Loader& loader;
  Log& log;
  const Dispatcher& dispatcher;
  egress::Resolver& resolver;
  std::string ca_file;   // certificate authorities that functions trust; "" for the system's
  std::string hostname;  // HOST or HOST:PORT, for requests whose Host header has none; "" for localhost
};

// A loop and what its connections share. Belongs to the loop's thread.
struct LoopContext {
  LoopContext(const Services& services, const http::Limits& http_limits, std::uint64_t id_seed)
      : registry(services.registry),
        outbox(loop),
        turns(loop),
        egress(loop, services.resolver, services.ca_file),
        warm(loop, egress),
        fresh(loop),
        environment{loop,         turns, warm, fresh, services.admission, services.background, services.loader,
                    services.log, egress},
        log(services.log),
        dispatcher(services.dispatcher),
        hostname(services.hostname),
        limits(http_limits),
        next_id_(id_seed) {}

  // A request id: 16 hex digits, unique in this process and unlikely to come again in another.
  std::string make_id();
  // Now, as a Date header has it; formatted once a second.
  const std::string& date();

  net::Loop loop;
  registry::Registry::Reader registry;
  Outbox outbox;
  invoke::RunQueue turns;
  egress::Gate egress;
  invoke::WarmPool warm;
  sandbox::FreshPool fresh;
  invoke::Environment environment;
  Log& log;
  const Dispatcher& dispatcher;
  const std::string hostname;
  const http::Limits& limits;
  LoopCounters counters;
  std::list<std::shared_ptr<Connection>> connections;
  std::size_t held_bodies = 0;  // bytes of request bodies, arriving and answered, of all connections
  bool draining = false;

 private:
  std::uint64_t next_id_;
  std::int64_t date_second_ = 0;
  std::string date_;
};

}  // namespace mayfly::server
