#pragma once

#include <chrono>
#include <cstddef>

namespace mayfly::egress {

inline constexpr std::size_t kMaxRules = 100;      // of one function: each is compared at every connection
inline constexpr std::size_t kMaxHostBytes = 253;  // of a name (RFC 1035 section 2.3.4)
inline constexpr std::size_t kMaxAddresses = 16;   // of one name: each that is tried may take kConnectTime

// Names, process wide.
inline constexpr unsigned kLookupThreads = 8;          // getaddrinfo blocks one for as long as a DNS server is silent
inline constexpr std::size_t kMaxLookups = 1000;       // names that wait for a thread; one more fails at once
inline constexpr std::size_t kMaxKeptNames = 1000;     // looked up and remembered
inline constexpr std::chrono::seconds kNameKept{5};    // shorter than any DNS TTL in use, longer than a burst of calls
inline constexpr std::chrono::seconds kLookupTime{5};  // that a guest waits for a name; as the C library's one attempt

// One HTTP request of a guest. It is the only one of its invocation, so there are as many as sandboxes.
inline constexpr std::chrono::seconds kConnectTime{5};           // to one address, before the next is tried
inline constexpr std::size_t kMaxUrlBytes = 16 << 10;            // as a request target to this server
inline constexpr std::size_t kMaxRequestFieldBytes = 64 << 10;   // names and values
inline constexpr std::size_t kMaxRequestBytes = 16 << 20;        // body; it is copied out of the guest
inline constexpr std::size_t kMaxResponseFieldBytes = 64 << 10;  // trailers included
inline constexpr std::size_t kUploadBytes = 128 << 10;           // of a body that streams, written and not sent yet
inline constexpr std::size_t kDownloadBytes = 128 << 10;         // of a body that streams, come and not read yet
inline constexpr std::size_t kReplayedBytes = 64 << 10;  // sent again when a kept connection turns out to be closed
inline constexpr int kMaxRedirects = 10;                 // as reqwest, which WAGI has
inline constexpr long kIdleConnections = 100;            // kept open for the next request, on each loop

}  // namespace mayfly::egress
