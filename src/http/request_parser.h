#pragma once

#include "base/result.h"
#include "http/limits.h"
#include "http/message.h"

#include <memory>
#include <string_view>

namespace mayfly::http {

// Turns bytes into requests (RFC 9112), one at a time. Pure: no sockets, no clock. What is ambiguous is
// refused: more than one Content-Length or Transfer-Encoding in all, any coding but `chunked`, no or
// several Host, CR or LF alone, whitespace before the colon, folded lines, absolute-form targets of
// another scheme.
//
// One thread at a time. After an error the parser takes no more bytes.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);  // limits outlive the parser
  ~RequestParser();

  enum class State {
    kStart,   // no byte of the request has arrived
    kHeader,  // inside the request line or the fields
    kBody,    // the header is whole: request() has everything but the body
    kDone,    // request() is whole; when there is no body, at the end of the header
  };

  // Consumes as many of `bytes` as belong to the current request and returns how many; 0 means that more
  // bytes are needed before any can be used. What was not consumed comes again at the start of the next
  // call, with more behind it. Stops once at the end of the header, so that the caller can set the body
  // limit and answer `Expect`, and again at the end of the request.
  Result<std::size_t> consume(std::string_view bytes);

  State state() const;
  const Request& request() const;
  Request take();  // when kDone: the request, and the parser starts on the next one

  // For a body that is handed on while it arrives: when kBody, the request as far as it is there, and what arrives from
  // then on. Trailers are in request() once the state is kDone; take() is still to be called then.
  Request take_head();
  std::string take_body();

  // When kBody: the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
  bool expects_continue() const;
  // When kBody, before the next consume(): how large the body may be; limits.body_bytes unless set.
  // Fails at once when a declared Content-Length is larger.
  Status limit_body(std::size_t bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::http
