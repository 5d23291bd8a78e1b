#pragma once

#include "metrics/invocations.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::metrics {

// A number as of now.
struct Sample {
  std::string_view name;  // as the Prometheus naming rules have it: mayfly_..., counters end with _total
  std::string_view help;
  enum class Kind { kCounter, kGauge } kind;
  double value;
  std::string_view label = {};  // name of its one label, or none
  std::string label_value = {};
};

// The Prometheus text format (version 0.0.4) of samples and of every function's invocations.
std::string exposition(const std::vector<Sample>& samples,
                       const std::map<std::string, std::shared_ptr<Invocations>>& functions);

}  // namespace mayfly::metrics
