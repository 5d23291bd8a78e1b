#pragma once

#include <chrono>
#include <cstddef>

namespace mayfly::server {

inline constexpr std::size_t kReadBytes = 16 * 1024;         // one read; most requests fit into one
inline constexpr std::size_t kWriteBacklog = 64 * 1024;      // of a response, before its guest has to wait
inline constexpr std::size_t kBodyBacklog = 128 * 1024;      // of a streamed body, before its client has to wait
inline constexpr std::size_t kStreamReadBytes = 128 * 1024;  // one read of such a body, when it comes that fast
inline constexpr std::size_t kKeptBuffer = 64 * 1024;        // of a connection between answers
inline constexpr std::size_t kHeldBodies = 512 << 20;        // request bodies on one loop; more are refused
inline constexpr std::size_t kAcceptBurst = 64;              // connections taken at once
inline constexpr std::chrono::microseconds kSendDelay{200};  // of an answer, for others to go with it
inline constexpr std::size_t kPipelineBurst = 16;            // requests answered before others have their turn
inline constexpr std::chrono::milliseconds kSweep{250};      // how often deadlines of connections are looked at
inline constexpr std::chrono::seconds kLinger{2};            // for the client to read an answer before we close
inline constexpr std::chrono::seconds kDrainGrace{1};        // for the first request of a new connection
inline constexpr std::chrono::seconds kDrain{30};            // for requests in flight, after SIGTERM

}  // namespace mayfly::server
