#include "server/pipeline.h"

#include "base/text.h"
#include "http/query.h"
#include "server/function_call.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::server {
namespace {

const Endpoint* find(const std::vector<Endpoint>& endpoints, std::string_view path) {
  const auto found = std::ranges::find_if(endpoints, [&](const Endpoint& endpoint) {
    return path.starts_with(endpoint.path) &&
           (path.size() == endpoint.path.size() || path[endpoint.path.size()] == '/');
  });
  return found == endpoints.end() ? nullptr : &*found;
}

bool is_guarded(const Endpoint& endpoint, const http::Request& request) {
  switch (endpoint.guard) {
    case Endpoint::Guard::kOpen: return false;
    case Endpoint::Guard::kAdmin: return true;
    case Endpoint::Guard::kUploads:
      return request.method == "POST" && http::has_media_type(request.fields, "multipart/form-data");
  }
  return true;
}

// A configured route: the whole target first, as seed 001 compares, then its path.
bool call_route(LoopContext& context, Exchange& exchange, const registry::Snapshot& snapshot) {
  if (snapshot.routes.empty()) return false;
  const http::Request& request = exchange.request();
  const auto look = [&](std::string_view method, std::string_view target) {
    return snapshot.routes.find(fmt::format("{} {}", method, target));
  };
  const auto find = [&](std::string_view method) {
    const auto whole = look(method, request.target);
    return whole != snapshot.routes.end() ? whole : look(method, request.path());
  };
  auto found = find(request.method);
  if (found == snapshot.routes.end() && request.method == "HEAD") found = find("GET");
  if (found != snapshot.routes.end()) {
    const std::string path(request.path());
    exchange.answer_as_seed();
    call_function(context, exchange, found->second, {.script_name = path, .route = path});
    return true;
  }
  std::string allow;
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const bool answered = find(method) != snapshot.routes.end() ||
                          (std::string_view(method) == "HEAD" && find("GET") != snapshot.routes.end());
    if (answered) allow += allow.empty() ? method : std::string(", ") + method;
  }
  if (allow.empty()) return false;
  exchange.refuse_method(allow);
  return true;
}

// A WAGI application, which also answers a health check of its own.
bool call_application(LoopContext& context, Exchange& exchange, const registry::RouteTable& table) {
  const std::string_view path = exchange.request().path();
  if (path == "/healthz") {
    http::Response healthy;
    healthy.fields.add("Content-Type", "text/plain; charset=utf-8");
    healthy.body = "OK";
    exchange.respond(std::move(healthy));
    return true;
  }
  const registry::Route* route = table.find(path);
  if (route == nullptr) return false;
  if (route->function) {
    call_function(context, exchange, *route->function, {.script_name = route->script_name(), .route = route->text});
  } else {
    exchange.fail(route->function.error());
  }
  return true;
}

// The first segment of a path, decoded, and whether there is more behind it.
struct NamedPath {
  std::string name;
  std::string_view script;  // `/name` as sent
  bool more;
};
std::optional<NamedPath> split_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  const auto end = path.find('/', 1);
  const std::string_view script = path.substr(0, end);
  auto name = http::percent_decode(script.substr(1));
  if (!name || name->empty()) return std::nullopt;
  return NamedPath{std::move(*name), script, end != std::string_view::npos};
}

bool call_module(LoopContext& context, Exchange& exchange, const registry::Snapshot& snapshot, const NamedPath& path) {
  const auto found = snapshot.folder.find(path.name);
  if (found == snapshot.folder.end() || path.more) return false;
  exchange.answer_as_seed();
  const std::string& method = exchange.request().method;
  if (method != "GET" && method != "HEAD" && method != "POST") {
    exchange.refuse_method("GET, HEAD, POST");
  } else if (!found->second) {
    exchange.fail(found->second.error());
  } else {
    const std::string script(path.script);
    call_function(context, exchange, *found->second, {.script_name = script, .route = script});
  }
  return true;
}

bool call_deployed(LoopContext& context, Exchange& exchange, const registry::Snapshot& snapshot,
                   const NamedPath& path) {
  const auto found = snapshot.functions.find(path.name);
  if (found == snapshot.functions.end()) return false;
  const bool cgi = found->second->settings().cgi;
  if (path.more && !cgi) return false;  // only CGI programs are told what comes behind their name
  const std::string script(path.script);
  call_function(context, exchange, found->second, {.script_name = script, .route = cgi ? script + "/..." : script});
  return true;
}

}  // namespace

Result<std::size_t> Pipeline::admit(const http::Request& head, const http::Limits& limits) const {
  const Endpoint* endpoint = find(api_, head.path());
  if (endpoint == nullptr) endpoint = find(seeds_, head.path());
  if (endpoint == nullptr || !is_guarded(*endpoint, head)) return limits.body_bytes;
  if (auto allowed = access_.check(head); !allowed) return fail(std::move(allowed.error()));
  return limits.upload_bytes;
}

bool Pipeline::is_seed(std::string_view path) const { return find(seeds_, path) != nullptr; }

void Pipeline::answer(const Endpoint& endpoint, LoopContext& context, Exchange& exchange) const {
  if (is_guarded(endpoint, exchange.request())) {
    if (const auto allowed = access_.check(exchange.request()); !allowed) return exchange.fail(allowed.error());
  }
  endpoint.handler(context, exchange);
}

void Pipeline::handle(LoopContext& context, Exchange& exchange) const {
  // One snapshot for the whole request: a deploy meanwhile is seen by the next.
  const std::shared_ptr<const registry::Snapshot> snapshot = context.registry.snapshot();
  const std::string_view path = exchange.request().path();

  // The API is the server's own: no function may hide it.
  if (const Endpoint* api = find(api_, path)) return answer(*api, context, exchange);
  if (path == "/_mayfly" || path.starts_with("/_mayfly/")) {
    return exchange.fail({ErrorCode::kNotFound, "the API has nothing at this path"});
  }

  // What the operator wrote down comes before what the seeds reserve...
  if (call_route(context, exchange, *snapshot)) return;
  if (snapshot->application && call_application(context, exchange, *snapshot->application)) return;
  const auto named = split_path(path);
  if (named && call_module(context, exchange, *snapshot, *named)) return;

  // ...and that before what was uploaded, whose names cannot collide with it.
  if (const Endpoint* seed = find(seeds_, path)) {
    exchange.answer_as_seed();
    return answer(*seed, context, exchange);
  }
  if (named && call_deployed(context, exchange, *snapshot, *named)) return;

  if (!named) return exchange.fail({ErrorCode::kNotFound, "nothing answers at this path; functions answer at /NAME"});
  const std::string name = to_utf8(named->name).substr(0, 100);
  const bool upload = exchange.request().method == "PUT";  // a newcomer's guess: say where it goes
  exchange.fail({ErrorCode::kUnknownFunction,
                 fmt::format("there is no function `{}`{}{}", name, registry::near_names(*snapshot, named->name),
                             upload ? fmt::format("; to deploy it, PUT it to /_mayfly/v1/functions/{}", name) : "")});
}

}  // namespace mayfly::server
