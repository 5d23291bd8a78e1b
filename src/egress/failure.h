#pragma once

#include <tl/expected.hpp>

#include <string>

namespace mayfly::egress {

// Why a connection or a request of a guest came to nothing. It is the guest's to handle, and no Error of ours.
struct Failure {
  enum class Why {
    kNotAllowed,
    kBadUrl,
    kBadMethod,
    kBadFields,
    kUnknownName,
    kUnreachable,
    kTimeout,
    kTooLarge,
    kBroken,  // the other side does not speak HTTP, or TLS, or went away
  };
  Why why;
  std::string message;  // one sentence for the log of the function: what failed, and how to grant it
};

template <typename T>
using Reached = tl::expected<T, Failure>;

inline tl::unexpected<Failure> failed(Failure::Why why, std::string message) {
  return tl::unexpected(Failure{why, std::move(message)});
}

}  // namespace mayfly::egress
