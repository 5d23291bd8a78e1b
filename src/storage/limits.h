#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mayfly::storage {

// Names, as S3 has them.
inline constexpr std::size_t kMinBucketBytes = 3;
inline constexpr std::size_t kMaxBucketBytes = 63;  // a label of a host name
inline constexpr std::size_t kMaxKeyBytes = 1024;

// Requests to an S3 server. The one who waits for them is a client of ours.
inline constexpr std::size_t kMaxObjectBytes = 64 << 20;              // as an upload; it is held in memory
inline constexpr std::chrono::milliseconds kStoreConnectTime{2'000};  // to one address
inline constexpr std::chrono::seconds kStoreSilence{5};               // without a byte in either direction
inline constexpr std::chrono::milliseconds kStoreTime{60'000};        // for a whole request: 64 MiB at 9 Mbit/s
inline constexpr std::chrono::milliseconds kStoreRetryPause{50};  // before the second attempt; 4 times that, the third
inline constexpr std::chrono::milliseconds kStoreRetryTime{1'000};  // after which a request is not sent again
inline constexpr std::size_t kIdleStoreConnections = 8;             // kept: as many as threads that ask
inline constexpr std::chrono::milliseconds kRecordTrust{2'000};     // before a record is asked for a change again
inline constexpr int kMaxListPages = 1'000;                         // of 1000 names: a list is held in memory
inline constexpr std::int64_t kCachedFiles = 10'000;                // functions of shared buckets in the data folder
inline constexpr int kPublishAttempts = 10;                         // against others who change the same function

}  // namespace mayfly::storage
