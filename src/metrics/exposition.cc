#include "metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace mayfly::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric with_label(std::string_view name, const std::string& value) {
  ClientMetric metric;
  if (!name.empty()) metric.label = {{std::string(name), value}};
  return metric;
}

ClientMetric histogram_of(const std::string& function, const Histogram& histogram) {
  ClientMetric metric = with_label("function", function);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    cumulative += histogram.bucket(i);
    const bool last = i == Histogram::kBounds.size();
    metric.histogram.bucket.push_back(
        {cumulative, last ? std::numeric_limits<double>::infinity() : Histogram::kBounds[i]});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = histogram.sum_seconds();
  return metric;
}

std::vector<MetricFamily> families_of(const std::map<std::string, std::shared_ptr<Invocations>>& functions) {
  MetricFamily count{
      "mayfly_invocations_total", "Invocations, by function and how they ended.", MetricType::Counter, {}};
  MetricFamily bytes{"mayfly_response_bytes_total", "Bytes of response bodies.", MetricType::Counter, {}};
  MetricFamily cpu{"mayfly_cpu_seconds_total", "CPU time of guests.", MetricType::Counter, {}};
  MetricFamily duration{
      "mayfly_invocation_duration_seconds", "From admission to the end of the guest.", MetricType::Histogram, {}};
  for (const auto& [name, counted] : functions) {
    for (const auto& [outcome, value] : {std::pair{"ok", &counted->succeeded}, std::pair{"error", &counted->failed}}) {
      ClientMetric metric = with_label("function", name);
      metric.label.push_back({"outcome", outcome});
      metric.counter.value = static_cast<double>(value->load(std::memory_order_relaxed));
      count.metric.push_back(std::move(metric));
    }
    bytes.metric.push_back(with_label("function", name));
    bytes.metric.back().counter.value = static_cast<double>(counted->bytes_out.load(std::memory_order_relaxed));
    cpu.metric.push_back(with_label("function", name));
    cpu.metric.back().counter.value =
        static_cast<double>(counted->cpu_nanoseconds.load(std::memory_order_relaxed)) / 1e9;
    duration.metric.push_back(histogram_of(name, counted->duration));
  }
  return {count, bytes, cpu, duration};
}

}  // namespace

std::string exposition(const std::vector<Sample>& samples,
                       const std::map<std::string, std::shared_ptr<Invocations>>& functions) {
  std::vector<MetricFamily> families = families_of(functions);
  for (const Sample& sample : samples) {
    const bool counter = sample.kind == Sample::Kind::kCounter;
    if (families.empty() || families.back().name != sample.name) {
      families.push_back(
          {std::string(sample.name), std::string(sample.help), counter ? MetricType::Counter : MetricType::Gauge, {}});
    }
    ClientMetric metric = with_label(sample.label, sample.label_value);
    (counter ? metric.counter.value : metric.gauge.value) = sample.value;
    families.back().metric.push_back(std::move(metric));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace mayfly::metrics
