#pragma once

#include "base/result.h"
#include "http/message.h"

#include <functional>
#include <optional>
#include <string>

namespace mayfly::invoke {

// The body of a request that is called for before it has arrived. Belongs to the loop.
class BodySource {
 public:
  virtual ~BodySource() = default;

  virtual std::string take() = 0;                    // what has arrived and was not taken yet; more is read once it is
  virtual bool at_end() const = 0;                   // nothing is left to take, and nothing comes
  virtual const http::Fields& trailers() const = 0;  // at the end
  // Why nothing more comes, when the body is not whole.
  virtual const std::optional<Error>& failure() const = 0;
  // Called whenever one of these has changed.
  virtual void on_news(std::function<void()> tell) = 0;
};

}  // namespace mayfly::invoke
