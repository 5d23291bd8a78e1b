#pragma once

#include "http/message.h"
#include "metrics/receipt.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace mayfly::invoke {

// Where the response of an invocation goes. Belongs to the loop. Either respond() once, or start(), writes, and
// finish() or abort().
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;

  virtual void respond(http::Response response) = 0;  // whole
  // Whether it takes a response in parts; if not, respond() alone is called.
  virtual bool streams() const { return true; }
  // The most bytes of body that it takes; none for as many as come. start() may tell it more.
  virtual std::optional<std::size_t> most_bytes() const { return std::nullopt; }
  // Commits status and fields; the body follows. `length` is what it will have, where that is known: with less, or
  // more, the connection is cut.
  virtual void start(http::Response head, std::optional<std::uint64_t> length) = 0;
  virtual void write(std::string_view bytes) = 0;  // taken, whatever writable() says
  virtual void finish(const http::Fields& trailers) = 0;
  // Cuts the connection: the client sees that the response is not whole. `problem` says why, to who can still tell.
  virtual void abort(http::Response problem) = 0;

  // What the invocation cost; before respond(), finish() or abort(), or when its client is gone.
  virtual void account(const metrics::Receipt& receipt) = 0;

  // Whether the client keeps up. Once it does again, the function given to on_writable is called.
  virtual bool writable() const = 0;
  virtual void on_writable(std::function<void()> resume) = 0;
  // From here on, a client that closes its side is gone: the sink ends, and with it the invocation.
  virtual void watch_client() = 0;
};

}  // namespace mayfly::invoke
