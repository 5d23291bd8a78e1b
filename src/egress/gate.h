#pragma once

#include "egress/finder.h"
#include "egress/http_client.h"

#include <string>

namespace mayfly::egress {

// The one way out of a loop: every connection that a guest makes is found or made here. Made before the loop runs, and
// gone before it and the resolver.
class Gate {
 public:
  // `ca_file` as HttpClient has it.
  Gate(net::Loop& loop, Resolver& resolver, std::string ca_file = "")
      : finder_(loop, resolver), http_(finder_, std::move(ca_file)) {}
  Gate(const Gate&) = delete;

  Finder& finder() { return finder_; }
  HttpClient& http() { return http_; }

 private:
  Finder finder_;
  HttpClient http_;
};

}  // namespace mayfly::egress
