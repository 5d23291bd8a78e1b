#pragma once

#include "egress/gate.h"
#include "sandbox/host_function.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

namespace mayfly::sandbox {

// HTTP requests of one guest, for the imports of `wasi_experimental_http`, which WAGI gives its modules: one at a time,
// and the responses that the guest has not closed.
class ExperimentalHttp {
 public:
  // What the imports return.
  enum class Code : std::uint32_t {
    kOk = 0,
    kInvalidHandle = 1,
    kMemoryNotFound = 2,
    kMemoryAccess = 3,
    kBufferTooSmall = 4,
    kHeaderNotFound = 5,
    kUtf8 = 6,
    kNotAllowed = 7,
    kInvalidMethod = 8,
    kInvalidEncoding = 9,
    kInvalidUrl = 10,
    kRequest = 11,
    kRuntime = 12,
    kTooManySessions = 13,
  };

  struct Response {
    egress::HttpResponse message;
    std::size_t read = 0;  // bytes of the body
  };

  explicit ExperimentalHttp(Guest& guest) : guest_(guest) {}

  bool is_full() const { return responses_.size() >= guest_.limits().http_responses; }
  bool is_asking() const { return call_ != nullptr; }
  void ask(egress::HttpRequest request);  // wakes the guest when it is answered
  // None while the answer is awaited.
  std::optional<egress::Reached<egress::HttpResponse>> take_answer();

  std::uint32_t open(egress::HttpResponse response);  // returns the handle
  Response* find(std::uint32_t handle);               // null for none
  void close(std::uint32_t handle);

 private:
  Guest& guest_;
  std::unique_ptr<egress::HttpCall> call_;
  std::optional<egress::Reached<egress::HttpResponse>> answer_;
  std::map<std::uint32_t, Response> responses_;
  std::size_t held_ = 0;  // bytes of their bodies
  std::uint32_t next_ = 0;
};

namespace host {

// The imports of module `wasi_experimental_http` (version 0.10), all of which take and return i32.
std::span<const HostFunction> experimental_http_functions();

}  // namespace host
}  // namespace mayfly::sandbox
