#include "admin/functions_api.h"

#include "admin/reply.h"
#include "http/query.h"
#include "registry/manifest.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace mayfly::admin {
namespace {

namespace json = boost::json;
using registry::Version;
using server::Exchange;

std::string url_of(const Exchange& exchange, std::string_view name) {
  return fmt::format("http://{}/{}", exchange.request().fields.get("Host"), name);
}

// Whether its code is in memory, and how it was compiled.
std::string_view describe_code(const Version& version) {
  const auto loaded = version.loaded();
  if (loaded == nullptr) return "not loaded";
  return loaded->program->tier() == sandbox::Tier::kBaseline ? "baseline" : "optimised";
}

json::object describe_version(const Version& version, std::string_view url) {
  const Version::Facts& facts = version.facts();
  json::object described{{"name", facts.function},
                         {"kind", facts.settings.cgi ? "cgi" : name_of(facts.entry.kind)},
                         {"entry", facts.entry.name},
                         {"version", facts.digest},
                         {"url", url},
                         {"size", facts.size},
                         {"created_ms", facts.created},
                         {"code", describe_code(version)}};
  if (version.is_pipeline()) {
    described.erase("code");
    json::array stages;
    for (const std::string& stage : facts.stages) stages.emplace_back(stage);
    described["stages"] = std::move(stages);
  }
  if (!facts.plugged.empty()) {
    described["composed_with"] = registry::plugged_json(facts.plugged);
    described["component"] = "sha256:" + facts.component;
  }
  if (!facts.bundle.empty()) described["bundle"] = "sha256:" + facts.bundle;
  return described;
}

json::object describe_settings(const sandbox::Settings& settings) {
  json::array variables;  // names alone: values may be secrets
  for (const auto& [name, value] : settings.environment) variables.emplace_back(name);
  json::array allow;
  for (const std::string& capability : settings.egress.capabilities()) allow.emplace_back(capability);
  json::array volumes;
  for (const auto& [guest, source, writable] : settings.volumes) {
    volumes.emplace_back(fmt::format("{}:{}{}", source, guest, writable ? ":rw" : ""));
  }
  return {{"environment", std::move(variables)}, {"allow", std::move(allow)},
          {"volumes", std::move(volumes)},       {"tenant", settings.tenant},
          {"timing", settings.server_timing},    {"limits", registry::limits_json(settings.limits)}};
}

}  // namespace

void FunctionsApi::handle(Exchange& exchange) {
  const http::Request& request = exchange.request();
  std::string_view rest = request.path().substr(kPath.size());
  if (rest.empty() || rest == "/") {
    return request.method == "GET" ? list(exchange) : exchange.refuse_method("GET");
  }
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  const std::string name = http::percent_decode(rest.substr(0, slash)).value_or(std::string(rest.substr(0, slash)));
  if (files_ != nullptr && name.find('/') != std::string::npos) {
    return files_->handle(exchange, name, slash == std::string_view::npos ? "" : rest.substr(slash));
  }
  if (slash != std::string_view::npos) {
    if (rest.substr(slash) != "/rollback") return exchange.fail({ErrorCode::kNotFound, "nothing answers at this path"});
    return request.method == "POST" ? rollback(exchange, name) : exchange.refuse_method("POST");
  }
  if (request.method == "PUT" || request.method == "POST") return deploy(exchange, name);
  if (request.method == "GET") return show(exchange, name);
  if (request.method == "DELETE") return remove(exchange, name);
  exchange.refuse_method("GET, PUT, POST, DELETE");
}

void FunctionsApi::list(Exchange& exchange) {
  const auto snapshot = registry_.current();
  std::vector<const Version*> versions;
  for (const auto& [name, version] : snapshot->functions) versions.push_back(version.get());
  for (const auto& [name, entry] : snapshot->folder) {
    if (entry) versions.push_back(entry->get());
  }
  std::ranges::sort(versions, {}, &Version::function);
  json::array functions;
  for (const Version* version : versions) {
    functions.emplace_back(describe_version(*version, url_of(exchange, version->function())));
  }
  exchange.respond(json_response(200, json::object{{"functions", std::move(functions)}}));
}

// A module of the watched folder has one version, the file.
void FunctionsApi::show_module(Exchange& exchange, const std::string& name, const registry::FolderEntry& entry) {
  if (!entry) return exchange.fail(entry.error());
  const Version& version = **entry;
  json::object answer = describe_version(version, url_of(exchange, name));
  answer["settings"] = describe_settings(version.settings());
  answer["can_only"] = to_text(version.facts().capabilities);
  answer["versions"] = json::array{json::object{{"version", version.facts().digest},
                                                {"size", version.facts().size},
                                                {"created_ms", version.facts().created},
                                                {"active", true}}};
  exchange.respond(json_response(200, answer));
}

void FunctionsApi::show(Exchange& exchange, const std::string& name) {
  const auto snapshot = registry_.current();
  const auto module = snapshot->folder.find(name);
  if (module != snapshot->folder.end()) return show_module(exchange, name, module->second);
  const auto found = snapshot->functions.find(name);
  if (found == snapshot->functions.end()) {
    return exchange.fail({ErrorCode::kUnknownFunction,
                          fmt::format("there is no function `{}`{}", name, registry::near_names(*snapshot, name))});
  }
  json::object answer = describe_version(*found->second, url_of(exchange, name));
  answer["settings"] = describe_settings(found->second->settings());
  answer["can_only"] = to_text(found->second->facts().capabilities);
  deployer_.on_worker(
      deploy::Deployer::Work::kKeeps, exchange.loop(), [this, name] { return deployer_.versions(name); },
      [weak = exchange.weak_from_this(),
       answer = std::move(answer)](Result<std::vector<storage::VersionRecord>> versions) mutable {
        const auto self = weak.lock();
        if (!self) return;
        if (!versions) return self->fail(versions.error());
        json::array all;
        for (const storage::VersionRecord& version : *versions) {
          all.emplace_back(json::object{{"version", version.digest},
                                        {"size", version.size},
                                        {"created_ms", version.created},
                                        {"active", version.digest == answer.at("version").as_string()}});
        }
        answer["versions"] = std::move(all);
        self->respond(json_response(200, answer));
      });
}

void FunctionsApi::deploy(Exchange& exchange, const std::string& name) {
  if (auto named = registry::check_name(name); !named) return exchange.fail(named.error());
  if (!deployer_.has_room()) return exchange.fail({ErrorCode::kOverloaded, "too many uploads wait to be compiled"});
  deployer_.on_worker(
      deploy::Deployer::Work::kCompiles, exchange.loop(),
      [this, name, body = exchange.take_body(), options = http::parse_query(exchange.request().query())]() mutable {
        return deploy::read_upload(std::move(name), std::move(body), options).and_then([&](deploy::Upload upload) {
          return deployer_.deploy(std::move(upload));
        });
      },
      [weak = exchange.weak_from_this()](const Result<deploy::Deployed>& deployed) {
        const auto self = weak.lock();
        if (!self) return;
        if (!deployed) return self->fail(deployed.error());
        const Version& version = *deployed->version;
        json::object answer = describe_version(version, url_of(*self, version.function()));
        answer["capabilities"] = registry::capabilities_json(version.facts().capabilities);
        answer["can_only"] = to_text(version.facts().capabilities);
        answer["compile_us"] = deployed->compile_time.count();
        self->respond(json_response(deployed->is_new_function ? 201 : 200, answer));
      });
}

void FunctionsApi::remove(Exchange& exchange, const std::string& name) {
  deployer_.on_worker(
      deploy::Deployer::Work::kKeeps, exchange.loop(), [this, name] { return deployer_.remove(name); },
      [weak = exchange.weak_from_this(), name](const Status& removed) {
        const auto self = weak.lock();
        if (!self) return;
        if (!removed) return self->fail(removed.error());
        self->respond(json_response(200, json::object{{"removed", name}}));
      });
}

void FunctionsApi::rollback(Exchange& exchange, const std::string& name) {
  std::string wanted;
  for (const auto& [option, value] : http::parse_query(exchange.request().query())) {
    if (option != "version") return exchange.fail({ErrorCode::kBadOption, "rollback takes one option, version=DIGEST"});
    wanted = value;
  }
  deployer_.on_worker(
      deploy::Deployer::Work::kKeeps, exchange.loop(),
      [this, name, wanted] { return deployer_.rollback(name, wanted); },
      [weak = exchange.weak_from_this()](const Result<registry::VersionPtr>& version) {
        const auto self = weak.lock();
        if (!self) return;
        if (!version) return self->fail(version.error());
        self->respond(json_response(200, describe_version(**version, url_of(*self, (*version)->function()))));
      });
}

}  // namespace mayfly::admin
