#pragma once

#include "base/result.h"
#include "http/message.h"

#include <string>

namespace mayfly::server {

// Who may use the API. Without a token: whoever reaches us by a loopback name, which keeps DNS rebinding out; with
// one: whoever has it. A browser on a page of another origin: never. Immutable.
class Access {
 public:
  explicit Access(std::string token) : token_(std::move(token)) {}

  Status check(const http::Request& request) const;

 private:
  std::string token_;
};

}  // namespace mayfly::server
