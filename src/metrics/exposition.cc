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

using Counted = std::atomic<std::uint64_t> Invocations::*;

// One sample of each function.
struct PerFunction {
  const char* name;
  const char* help;
  MetricType type;
  Counted value;
  double unit = 1;
};

constexpr PerFunction kPerFunction[] = {
    {"mayfly_response_bytes_total", "Bytes of response bodies.", MetricType::Counter, &Invocations::bytes_out},
    {"mayfly_refused_total", "Requests refused as the function was busy.", MetricType::Counter, &Invocations::refused},
    {"mayfly_log_dropped_bytes_total", "Bytes of log over a limit.", MetricType::Counter, &Invocations::log_dropped},
    {"mayfly_memory_peak_bytes", "The most memory of an invocation.", MetricType::Gauge, &Invocations::memory_peak},
    {"mayfly_queue_seconds_total", "Time that requests waited for a sandbox.", MetricType::Counter, &Invocations::queue,
     1e-9},
    {"mayfly_load_seconds_total", "Time that requests waited for code.", MetricType::Counter, &Invocations::load, 1e-9},
    {"mayfly_instantiate_seconds_total", "Time to make sandboxes.", MetricType::Counter, &Invocations::instantiate,
     1e-9},
    {"mayfly_guest_cpu_seconds_total", "CPU time of guests' own code.", MetricType::Counter, &Invocations::guest, 1e-9},
    {"mayfly_host_cpu_seconds_total", "CPU time of host functions.", MetricType::Counter, &Invocations::host, 1e-9},
    {"mayfly_egress_connections_total", "Connections that functions opened.", MetricType::Counter,
     &Invocations::egress_connections},
    {"mayfly_egress_requests_total", "HTTP requests that functions made.", MetricType::Counter,
     &Invocations::egress_requests},
    {"mayfly_egress_refused_total", "Connections that were not allowed.", MetricType::Counter,
     &Invocations::egress_refused},
    {"mayfly_egress_sent_bytes_total", "Bytes that functions sent.", MetricType::Counter, &Invocations::egress_out},
    {"mayfly_egress_received_bytes_total", "Bytes that functions received.", MetricType::Counter,
     &Invocations::egress_in},
};

MetricFamily family_of(const PerFunction& kind, const std::map<std::string, std::shared_ptr<Invocations>>& functions) {
  MetricFamily family{kind.name, kind.help, kind.type, {}};
  for (const auto& [name, counted] : functions) {
    ClientMetric metric = with_label("function", name);
    const double value = static_cast<double>(((*counted).*kind.value).load(std::memory_order_relaxed)) * kind.unit;
    (kind.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

std::vector<MetricFamily> families_of(const std::map<std::string, std::shared_ptr<Invocations>>& functions) {
  MetricFamily count{
      "mayfly_invocations_total", "Invocations, by function and how they ended.", MetricType::Counter, {}};
  MetricFamily running{"mayfly_invocations_running", "Invocations that run or wait inside.", MetricType::Gauge, {}};
  MetricFamily duration{
      "mayfly_invocation_duration_seconds", "From the request to the end of the guest.", MetricType::Histogram, {}};
  for (const auto& [name, counted] : functions) {
    for (const auto& [outcome, value] : {std::pair{"ok", &counted->succeeded}, std::pair{"error", &counted->failed}}) {
      ClientMetric metric = with_label("function", name);
      metric.label.push_back({"outcome", outcome});
      metric.counter.value = static_cast<double>(value->load(std::memory_order_relaxed));
      count.metric.push_back(std::move(metric));
    }
    running.metric.push_back(with_label("function", name));
    running.metric.back().gauge.value = static_cast<double>(counted->running.load(std::memory_order_relaxed));
    duration.metric.push_back(histogram_of(name, counted->duration));
  }
  std::vector<MetricFamily> families{std::move(count), std::move(running), std::move(duration)};
  for (const PerFunction& kind : kPerFunction) families.push_back(family_of(kind, functions));
  return families;
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
