#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace mayfly::sandbox {

// What a function may use. Each can be set per function, at deploy or in the configuration.
struct Limits {
  // Of one invocation.
  std::size_t memory_bytes = 128 << 20;    // memories and tables together; modest, as growing is not preempted
  std::chrono::milliseconds cpu{10'000};   // running on a core; measured to one tick (1 ms)
  std::chrono::milliseconds wall{30'000};  // from the first instruction to the last, waits included
  std::size_t request_bytes = 10 << 20;    // body of the request, held in memory but for kHttp: Program::check()
  std::size_t response_bytes = 16 << 20;   // body of the response
  std::size_t tmp_bytes = 16 << 20;        // files under /tmp
  std::size_t files = 64;                  // descriptors open at once, the standard ones included
  std::size_t sockets = 16;                // open at once
  std::size_t http_responses = 64;         // of its own requests, open at once
  std::size_t log_bytes = 256 << 10;       // stderr and `log` together; more is dropped, and said so
  // Of one sandbox, for functions of kind http.
  std::size_t reuse = 1;              // requests that it serves; 1: every request has its own
  std::size_t reuse_concurrency = 1;  // of those, at the same time
  // Of all its invocations together.
  std::size_t log_rate = 1 << 20;                // bytes of log a second; more is dropped, and said so
  std::size_t concurrency = 1000;                // invocations at once; more wait
  std::size_t queue = 1000;                      // of those that wait; more are refused with 429
  std::chrono::milliseconds queue_time{10'000};  // that one waits before it is refused with 429

  bool operator==(const Limits&) const = default;
};

// The most a function may be given, whatever it asks for.
inline constexpr Limits kLargest = {
    .memory_bytes = std::size_t{4} << 30,    // all that 32-bit memories can address
    .cpu = std::chrono::minutes(15),         // a batch job belongs elsewhere
    .wall = std::chrono::hours(1),           // as above
    .request_bytes = std::size_t{1} << 40,   // streamed
    .response_bytes = std::size_t{1} << 40,  // streamed
    .tmp_bytes = std::size_t{1} << 30,       // it is memory of this process
    .files = 4096,
    .sockets = 1024,
    .http_responses = 1024,
    .log_bytes = 4 << 20,
    .reuse = 1'000'000,
    .reuse_concurrency = 1000,
    .log_rate = 64 << 20,
    .concurrency = 10'000,  // kMaxSlots
    .queue = 10'000,
    .queue_time = std::chrono::minutes(5),
};

inline constexpr std::size_t kHeldRequestBytes = 64 << 20;  // body of a request that is held in memory: as an upload

// One of the limits, as options, records and help texts name it.
struct LimitField {
  std::string_view option;  // `memory`
  std::string_view record;  // `memory_bytes`
  std::variant<std::size_t Limits::*, std::chrono::milliseconds Limits::*> member;
  enum class Unit { kBytes, kTime, kCount } unit;
  std::string_view help;
  std::size_t smallest = 0;  // of a count: with less it would never run
};
std::span<const LimitField> limit_fields();
bool is_limit(std::string_view option);

// Process-wide sizes of the engine; see engine.cc for how slots are derived from the machine.
inline constexpr std::size_t kStackBytes = 2 << 20;  // of a guest, host functions included
inline constexpr std::size_t kWasmStackBytes =
    1536 << 10;  // of that, for Wasm frames: interpreters' are large in baseline code
inline constexpr std::size_t kTableElements = 100'000;        // in one table; the largest seen in the wild is 40 000
inline constexpr std::size_t kKeepResidentBytes = 256 << 10;  // measured: the best of 0, 128 KiB, 256 KiB, 16 MiB
inline constexpr std::uint64_t kImageBytes = 256 << 20;       // memory images up to this are mapped, not copied
inline constexpr std::size_t kBaselineBytes = 64 << 10;       // of a module: below, optimising takes 0.1 s at most
inline constexpr std::uint32_t kMaxSlots = 10'000;            // invocations alive at once
inline constexpr std::uint32_t kFewestModules = 64;           // in memory at once, on the smallest of machines
inline constexpr std::uint32_t kMostModules = 1'000'000;      // on the largest: memory ends before
inline constexpr std::uint32_t kIdleSandboxes = 256;          // that wait for another request (`reuse`), beside those
inline constexpr std::chrono::seconds kIdleTime{10};          // that one waits before it is given up
// Instances that are put back to how they began: of programs that are called so often in kIdleTime / 4, and are one in
// so many calls of their loop. More than that crowd the caches: 60 programs are slower, 10 twice as fast.
inline constexpr std::uint32_t kCallsBeforeRewinding = 8;
inline constexpr std::uint32_t kMostRewinding = 16;
inline constexpr std::uint32_t kMostMisses = 4;           // in that time, of instances that cannot be: then none is
inline constexpr std::chrono::milliseconds kTick{1};      // a running guest yields to its loop this often
inline constexpr std::size_t kMaxHeaders = 100;           // set by a `handle` function, as clients may send
inline constexpr std::size_t kMaxHeaderBytes = 64 << 10;  // of them together, with the reason phrase
inline constexpr std::size_t kMaxSourceHeadBytes = 128 << 10;  // the same of a function from source, with their framing
inline constexpr std::size_t kHostCallBytes = 1 << 20;         // of one long host call, before the loop gets its turn
inline constexpr std::size_t kMaxIovecs = 1024;                // of one fd_read or fd_write, as IOV_MAX on Linux
inline constexpr std::size_t kMaxSubscriptions = 1024;         // of one poll_oneoff
inline constexpr std::size_t kHttpHeldBytes = 16 << 20;        // of responses that it was sent and has not read
inline constexpr std::size_t kHttpRequests = 8;                // of a component that run at once; more wait
inline constexpr std::size_t kKeptBytes = 16 << 20;            // with wasi:keyvalue, by one version of a function
inline constexpr unsigned kSyncThreads = 2;                    // wait for disks, which queue more by themselves
inline constexpr std::size_t kListedBytes = 64 << 10;          // of one long fd_readdir, before the loop gets its turn
inline constexpr std::size_t kMaxPlugs = 15;                   // of one composition: each has a memory of its own
inline constexpr std::size_t kMaxVolumes = 16;                 // mounted in one function
inline constexpr std::size_t kMaxPathBytes = 4095;             // PATH_MAX of Linux without its NUL
inline constexpr int kMaxSymbolicLinks = 40;                   // followed on the way of one path, as Linux
inline constexpr std::size_t kMaxTmpEntries = 65'536;          // files, directories and links of one /tmp

}  // namespace mayfly::sandbox
