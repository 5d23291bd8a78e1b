#pragma once

#include "base/guarded.h"
#include "metrics/invocations.h"

#include <map>
#include <memory>
#include <string>

namespace mayfly::metrics {

// The counters of every function by name: they go on over its versions. Any thread.
class Book {
 public:
  std::shared_ptr<Invocations> of(const std::string& function) {
    auto functions = functions_.lock();
    auto& counted = (*functions)[function];
    if (!counted) counted = std::make_shared<Invocations>();
    return counted;
  }

  void forget(const std::string& function) {
    auto functions = functions_.lock();
    functions->erase(function);
  }

  std::map<std::string, std::shared_ptr<Invocations>> all() {
    auto functions = functions_.lock();
    return *functions;
  }

 private:
  Guarded<std::map<std::string, std::shared_ptr<Invocations>>> functions_;
};

}  // namespace mayfly::metrics
