#include "server/router.h"

#include "base/text.h"
#include "http/query.h"
#include "registry/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace mayfly::server {
namespace {

using registry::Snapshot;

const Endpoint* find_endpoint(const std::vector<Endpoint>& endpoints, std::string_view path) {
  const auto found = std::ranges::find_if(endpoints, [&](const Endpoint& endpoint) {
    return path.starts_with(endpoint.path) &&
           (path.size() == endpoint.path.size() || path[endpoint.path.size()] == '/');
  });
  return found == endpoints.end() ? nullptr : &*found;
}

Refusal refuse_method(const http::Request& request, std::string allow) {
  return {{ErrorCode::kMethodNotAllowed, fmt::format("{} is not a method of this path", request.method)},
          std::move(allow)};
}

// A configured route: the whole target first, as seed 001 compares, then its path.
std::optional<Target> find_route(const Snapshot& snapshot, const http::Request& request) {
  if (snapshot.routes.empty()) return std::nullopt;
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
    return Target{CallTarget{found->second, path, path}, true};
  }
  std::string allow;
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const bool answered = find(method) != snapshot.routes.end() ||
                          (std::string_view(method) == "HEAD" && find("GET") != snapshot.routes.end());
    if (answered) allow += allow.empty() ? method : std::string(", ") + method;
  }
  if (allow.empty()) return std::nullopt;
  return Target{refuse_method(request, std::move(allow))};
}

// A WAGI application, which also answers a health check of its own.
std::optional<Target> find_in_application(const Snapshot& snapshot, const http::Request& request) {
  if (!snapshot.application) return std::nullopt;
  if (request.path() == "/healthz") return Target{HealthTarget{}};
  const registry::Route* route = snapshot.application->find(request.path());
  if (route == nullptr) return std::nullopt;
  if (!route->function) return Target{Refusal{route->function.error()}};
  return Target{CallTarget{*route->function, route->script_name(), route->text}};
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

// Whether it answers at paths below its name, and says itself which methods it takes.
bool has_paths(const registry::Version& version) {
  const sandbox::Kind kind = version.facts().entry.kind;
  return kind == sandbox::Kind::kTyped || kind == sandbox::Kind::kHttp || kind == sandbox::Kind::kSource;
}

std::optional<Target> find_module(const Snapshot& snapshot, const http::Request& request, const NamedPath& path) {
  const auto found = snapshot.folder.find(path.name);
  if (found == snapshot.folder.end()) return std::nullopt;
  const bool has_all = found->second && has_paths(**found->second);
  if (path.more && !has_all) return std::nullopt;
  if (!has_all && request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
    return Target{refuse_method(request, "GET, HEAD, POST"), true};
  }
  if (!found->second) return Target{Refusal{found->second.error()}, true};
  const std::string script(path.script);
  return Target{CallTarget{*found->second, script, script}, true};
}

std::optional<Target> find_deployed(const Snapshot& snapshot, const NamedPath& path) {
  const auto found = snapshot.functions.find(path.name);
  if (found == snapshot.functions.end()) return std::nullopt;
  const bool cgi = found->second->settings().cgi;
  // Of the other kinds, only CGI programs are told what comes behind their name.
  if (path.more && !cgi && !has_paths(*found->second)) return std::nullopt;
  const std::string script(path.script);
  CallTarget call{found->second, script, cgi ? script + "/..." : script};
  if (found->second->is_pipeline()) {
    auto stages = registry::find_stages(snapshot, found->first, found->second->facts().stages);
    if (!stages) return Target{Refusal{std::move(stages.error())}};
    call.stages = std::move(*stages);
  }
  return Target{std::move(call)};
}

Refusal unknown_function(const Snapshot& snapshot, const http::Request& request, const NamedPath& path) {
  const std::string name = to_utf8(path.name).substr(0, 100);
  const bool upload = request.method == "PUT";  // a newcomer's guess: say where it goes
  return {{ErrorCode::kUnknownFunction,
           fmt::format("there is no function `{}`{}{}", name, registry::near_names(snapshot, path.name),
                       upload ? fmt::format("; to deploy it, PUT it to /_mayfly/v1/functions/{}", name) : "")}};
}

}  // namespace

bool Router::is_seed(std::string_view path) const { return find_endpoint(seeds_, path) != nullptr; }

Target Router::find(const Snapshot& snapshot, const http::Request& request) const {
  const std::string_view path = request.path();

  // The API is the server's own: no function may hide it.
  if (const Endpoint* api = find_endpoint(api_, path)) return {api};
  if (path == "/_mayfly" || path.starts_with("/_mayfly/")) {
    return {Refusal{{ErrorCode::kNotFound, "the API has nothing at this path"}}};
  }

  // What the operator wrote down comes before what the seeds reserve...
  if (auto route = find_route(snapshot, request)) return std::move(*route);
  if (auto route = find_in_application(snapshot, request)) return std::move(*route);
  const auto named = split_path(path);
  if (named) {
    if (auto module = find_module(snapshot, request, *named)) return std::move(*module);
  }

  // ...and that before what was uploaded, whose names cannot collide with it.
  if (const Endpoint* seed = find_endpoint(seeds_, path)) return {seed, true};
  if (!named) return {Refusal{{ErrorCode::kNotFound, "nothing answers at this path; functions answer at /NAME"}}};
  if (auto deployed = find_deployed(snapshot, *named)) return std::move(*deployed);
  if (const Endpoint* last = find_endpoint(last_, path); last != nullptr && named->more) return {last};
  return {unknown_function(snapshot, request, *named)};
}

}  // namespace mayfly::server
