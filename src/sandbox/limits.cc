#include "sandbox/limits.h"

#include <algorithm>
#include <array>

namespace mayfly::sandbox {
namespace {

using enum LimitField::Unit;

constexpr std::array kFields = {
    LimitField{"memory", "memory_bytes", &Limits::memory_bytes, kBytes, "Memories and tables of an invocation"},
    LimitField{"cpu", "cpu_ms", &Limits::cpu, kTime, "CPU time of an invocation"},
    LimitField{"timeout", "wall_ms", &Limits::wall, kTime, "Wall-clock time of an invocation, waits included"},
    LimitField{"request", "request_bytes", &Limits::request_bytes, kBytes, "Body of a request"},
    LimitField{"response", "response_bytes", &Limits::response_bytes, kBytes, "Body of a response"},
    LimitField{"tmp", "tmp_bytes", &Limits::tmp_bytes, kBytes, "Files under /tmp of an invocation"},
    LimitField{"files", "files", &Limits::files, kCount, "Files open at once in an invocation"},
    LimitField{"sockets", "sockets", &Limits::sockets, kCount, "Sockets open at once in an invocation"},
    LimitField{"http_responses", "http_responses", &Limits::http_responses, kCount,
               "Responses open at once to HTTP requests of an invocation"},
    LimitField{"log", "log_bytes", &Limits::log_bytes, kBytes, "Log of an invocation"},
    LimitField{"log_rate", "log_bytes_per_second", &Limits::log_rate, kBytes, "Log of the function, each second"},
    LimitField{"reuse", "reuse", &Limits::reuse, kCount, "Requests that one sandbox serves", 1},
    LimitField{"reuse_concurrency", "reuse_concurrency", &Limits::reuse_concurrency, kCount,
               "Requests that one sandbox serves at once", 1},
    LimitField{"concurrency", "concurrency", &Limits::concurrency, kCount, "Invocations at once", 1},
    LimitField{"queue", "queue", &Limits::queue, kCount, "Requests that wait for their turn"},
    LimitField{"queue_time", "queue_ms", &Limits::queue_time, kTime, "Time that a request waits for its turn"},
};

}  // namespace

std::span<const LimitField> limit_fields() { return kFields; }

bool is_limit(std::string_view option) {
  return std::ranges::find(kFields, option, &LimitField::option) != kFields.end();
}

}  // namespace mayfly::sandbox
