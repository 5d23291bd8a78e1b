#include "admin/status_api.h"

#include "admin/reply.h"
#include "http/problem.h"
#include "metrics/exposition.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace mayfly::admin {

namespace json = boost::json;
using server::Exchange;

void StatusApi::health(Exchange& exchange) const {
  if (exchange.request().method != "GET" && exchange.request().method != "HEAD")
    return exchange.refuse_method("GET, HEAD");
  const auto uptime = std::chrono::steady_clock::now() - started_;
  const auto snapshot = of_.registry.current();
  const sandbox::EngineInfo& engine = of_.engine.info();
  exchange.respond(json_response(
      200, json::object{{"status", "ok"},
                        {"version", MAYFLY_VERSION},
                        {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
                        {"functions", snapshot->functions.size() + snapshot->folder.size() + snapshot->routes.size()},
                        {"engine", engine.fingerprint},
                        {"sandboxes", json::object{{"in_use", of_.engine.slots_used()},
                                                   {"in_background", of_.background.size()},
                                                   {"waiting", of_.admission.waiting()},
                                                   {"slots", engine.slots}}},
                        {"modules", json::object{{"loaded", of_.engine.modules()},
                                                 {"limit", engine.modules},
                                                 {"unloaded_functions", of_.deployer.unloaded()}}},
                        {"pagemap_scan", engine.pagemap_scan}}));
}

void StatusApi::metrics(Exchange& exchange) const {
  if (exchange.request().method != "GET" && exchange.request().method != "HEAD")
    return exchange.refuse_method("GET, HEAD");
  using mayfly::metrics::Sample;
  using enum Sample::Kind;
  std::vector<Sample> samples;
  constexpr std::string_view kResponses = "mayfly_http_responses_total";
  for (std::size_t digit = 1; digit <= 5; ++digit) {
    double count = 0;
    for (const auto& loop : server_->loops()) count += static_cast<double>(loop->counters.responses[digit].load());
    samples.push_back(
        {kResponses, "HTTP responses, by class of status.", kCounter, count, "class", fmt::format("{}xx", digit)});
  }
  double open = 0, accepted = 0;
  for (const auto& loop : server_->loops()) {
    open += static_cast<double>(loop->counters.connections.load());
    accepted += static_cast<double>(loop->counters.accepted.load());
  }
  samples.push_back({"mayfly_http_connections", "Open client connections.", kGauge, open});
  samples.push_back({"mayfly_http_connections_total", "Client connections accepted.", kCounter, accepted});
  samples.push_back({"mayfly_sandboxes", "Sandboxes in use.", kGauge, static_cast<double>(of_.engine.slots_used())});
  samples.push_back({"mayfly_sandbox_slots", "Sandboxes there can be at once.", kGauge,
                     static_cast<double>(of_.engine.info().slots)});
  samples.push_back({"mayfly_requests_waiting", "Requests that wait for their turn to run.", kGauge,
                     static_cast<double>(of_.admission.waiting())});
  samples.push_back({"mayfly_sandboxes_in_background", "Sandboxes that burn CPU, behind the event loops.", kGauge,
                     static_cast<double>(of_.background.size())});
  samples.push_back(
      {"mayfly_modules", "Modules of functions in memory.", kGauge, static_cast<double>(of_.engine.modules())});
  samples.push_back({"mayfly_module_slots",
                     "Modules there can be in memory before functions that nobody calls are unloaded.", kGauge,
                     static_cast<double>(of_.engine.info().modules)});
  samples.push_back({"mayfly_functions_unloaded_total", "Functions unloaded, to make room for others.", kCounter,
                     static_cast<double>(of_.deployer.unloaded())});
  samples.push_back({"mayfly_functions", "Functions deployed.", kGauge,
                     static_cast<double>(of_.registry.current()->functions.size())});

  http::Response response;
  response.fields.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = mayfly::metrics::exposition(samples, of_.book.all());
  exchange.respond(std::move(response));
}

void error_page(Exchange& exchange) {
  std::string_view slug = exchange.request().path();
  slug.remove_prefix(slug.rfind('/') + 1);
  auto page = http::problem_page(slug);
  if (!page) return exchange.fail({ErrorCode::kNotFound, "there is no problem type of this name"});
  http::Response response;
  response.fields.add("Content-Type", "text/html; charset=utf-8");
  response.body = std::move(*page);
  exchange.respond(std::move(response));
}

}  // namespace mayfly::admin
