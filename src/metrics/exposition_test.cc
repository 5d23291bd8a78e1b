#include "metrics/exposition.h"

#include <gtest/gtest.h>

namespace mayfly::metrics {
namespace {

TEST(Exposition, CountsInvocationsAndTheirDurationsByFunction) {
  const auto counted = std::make_shared<Invocations>();
  counted->succeeded = 2;
  counted->duration.observe(std::chrono::microseconds(25));
  counted->duration.observe(std::chrono::minutes(2));
  const std::string text = exposition({{"mayfly_sandboxes", "In use.", Sample::Kind::kGauge, 3}}, {{"hello", counted}});
  for (const auto* line :
       {"mayfly_invocations_total{function=\"hello\",outcome=\"ok\"} 2\n",
        "mayfly_invocation_duration_seconds_count{function=\"hello\"} 2\n", "le=\"2.5e-05\"} 1\n", "le=\"30\"} 1\n",
        "le=\"+Inf\"} 2\n", "# TYPE mayfly_sandboxes gauge\n", "mayfly_sandboxes 3\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "\n" << text;
  }
}

}  // namespace
}  // namespace mayfly::metrics
