#pragma once

#include <cstdint>

namespace mayfly::metrics {

// What one invocation has used of the network.
struct Egress {
  std::uint64_t connections = 0;  // opened; a request over one that was kept opens none
  std::uint64_t requests = 0;     // HTTP, redirects included
  std::uint64_t refused = 0;      // by the rules
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;

  Egress& operator+=(const Egress& other) {
    connections += other.connections;
    requests += other.requests;
    refused += other.refused;
    bytes_out += other.bytes_out;
    bytes_in += other.bytes_in;
    return *this;
  }
};

}  // namespace mayfly::metrics
