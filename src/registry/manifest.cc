#include "registry/manifest.h"

#include "base/text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <stdexcept>

namespace mayfly::registry {
namespace {

namespace json = boost::json;

// A limit that a record does not have is as old as the record: it has its default.
sandbox::Limits limits_of(const json::object& object) {
  sandbox::Limits limits;
  for (const sandbox::LimitField& field : sandbox::limit_fields()) {
    const json::value* value = object.if_contains(field.record);
    if (value == nullptr) continue;
    if (const auto* time = std::get_if<std::chrono::milliseconds sandbox::Limits::*>(&field.member)) {
      limits.** time = std::chrono::milliseconds(value->to_number<std::int64_t>());
    } else {
      limits.*std::get<std::size_t sandbox::Limits::*>(field.member) = value->to_number<std::size_t>();
    }
  }
  return limits;
}

sandbox::VolumeMount volume_of(const json::object& object) {
  return {json::value_to<std::string>(object.at("guest")), json::value_to<std::string>(object.at("source")),
          object.at("writable").as_bool()};
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array all;
  for (const std::string& text : texts) all.emplace_back(to_utf8(text));
  return all;
}

std::vector<std::string> texts_of(const json::value& texts) {
  std::vector<std::string> all;
  for (const json::value& text : texts.as_array()) all.emplace_back(text.as_string());
  return all;
}

json::array volumes_json(const std::vector<sandbox::VolumeMount>& volumes) {
  json::array all;
  for (const auto& [guest, source, writable] : volumes) {
    all.emplace_back(json::object{{"guest", guest}, {"source", source}, {"writable", writable}});
  }
  return all;
}

// Records older than egress::Rules have a list of HOST:PORT, whose names and wildcards led to private addresses, too.
egress::Rules read_tcp_allow(const json::array& addresses) {
  egress::Rules rules;
  for (const json::value& address : addresses) {
    // What the parser of that time let pass, and no connection matched, grants nothing.
    static_cast<void>(rules.allow("tcp=" + json::value_to<std::string>(address)));
  }
  if (!addresses.empty()) static_cast<void>(rules.allow("private"));
  return rules;
}

egress::Rules read_egress(const json::object& object) {
  if (const json::value* addresses = object.if_contains("tcp_allow")) return read_tcp_allow(addresses->as_array());
  egress::Rules rules;
  for (const json::value& capability : object.at("allow").as_array()) {
    if (auto allowed = rules.allow(json::value_to<std::string>(capability)); !allowed) {
      throw std::invalid_argument(allowed.error().message);
    }
  }
  if (object.contains("allow_is_broken")) rules.set_broken();
  return rules;
}

Manifest read(const json::object& object) {
  Manifest manifest;
  const auto kind = sandbox::kind_named(std::string_view(object.at("kind").as_string()));
  if (!kind) throw boost::system::system_error(json::make_error_code(json::error::not_string), "kind");
  manifest.entry = {*kind, std::string(object.at("entry").as_string())};
  manifest.settings.entry = manifest.entry.name;
  manifest.settings.cgi = object.at("cgi").as_bool();
  if (const json::value* argv = object.if_contains("argv")) manifest.settings.argv = argv->as_string();
  if (const json::value* failure = object.if_contains("failure")) manifest.settings.failure = failure->as_string();
  manifest.settings.snapshot = object.contains("snapshot");
  if (const json::value* language = object.if_contains("language")) {
    manifest.settings.language = language->as_string();
    manifest.settings.entrypoint = object.at("entrypoint").as_string();
  }
  for (const auto& [name, value] : object.at("environment").as_object()) {
    manifest.settings.environment.emplace(name, value.as_string());
  }
  manifest.settings.egress = read_egress(object);
  if (const json::value* volumes = object.if_contains("volumes")) {
    for (const auto& volume : volumes->as_array()) manifest.settings.volumes.push_back(volume_of(volume.as_object()));
  }
  if (const json::value* tenant = object.if_contains("tenant")) manifest.settings.tenant = tenant->as_string();
  if (const json::value* timing = object.if_contains("server_timing")) {
    manifest.settings.server_timing = timing->as_bool();
  }
  if (const json::value* capabilities = object.if_contains("capabilities")) {
    manifest.capabilities = {texts_of(capabilities->at("inside")), texts_of(capabilities->at("outside"))};
  }
  manifest.settings.limits = limits_of(object.at("limits").as_object());
  if (const json::value* bundle = object.if_contains("bundle")) manifest.bundle = bundle->as_string();
  if (const json::value* stages = object.if_contains("stages")) manifest.stages = texts_of(*stages);
  if (const json::value* plugged = object.if_contains("plugged")) {
    for (const json::value& part : plugged->as_array()) {
      manifest.plugged.push_back(
          {json::value_to<std::string>(part.at("function")), json::value_to<std::string>(part.at("version"))});
    }
    manifest.component = object.at("component").as_string();
  }
  return manifest;
}

}  // namespace

boost::json::object capabilities_json(const sandbox::Capabilities& capabilities) {
  return {{"inside", texts_json(capabilities.inside)}, {"outside", texts_json(capabilities.outside)}};
}

boost::json::object limits_json(const sandbox::Limits& limits) {
  json::object object;
  for (const sandbox::LimitField& field : sandbox::limit_fields()) {
    if (const auto* time = std::get_if<std::chrono::milliseconds sandbox::Limits::*>(&field.member)) {
      object[field.record] = (limits.**time).count();
    } else {
      object[field.record] = limits.*std::get<std::size_t sandbox::Limits::*>(field.member);
    }
  }
  return object;
}

boost::json::array plugged_json(const std::vector<Plugged>& plugged) {
  json::array all;
  for (const auto& [function, version] : plugged) {
    all.emplace_back(json::object{{"function", function}, {"version", version}});
  }
  return all;
}

std::string to_json(const Manifest& manifest) {
  json::object environment;
  for (const auto& [name, value] : manifest.settings.environment) environment[name] = to_utf8(value);
  json::object object{
      {"kind", sandbox::name_of(manifest.entry.kind)},
      {"entry", manifest.entry.name},
      {"cgi", manifest.settings.cgi},
      {"environment", std::move(environment)},
      {"allow", texts_json(manifest.settings.egress.capabilities())},
      {"volumes", volumes_json(manifest.settings.volumes)},
      {"tenant", manifest.settings.tenant},
      {"server_timing", manifest.settings.server_timing},
      {"capabilities", capabilities_json(manifest.capabilities)},
      {"limits", limits_json(manifest.settings.limits)},
  };
  if (manifest.settings.egress.is_broken()) object["allow_is_broken"] = true;
  if (!manifest.bundle.empty()) object["bundle"] = manifest.bundle;
  if (!manifest.plugged.empty()) {
    object["plugged"] = plugged_json(manifest.plugged);
    object["component"] = manifest.component;
  }
  if (!manifest.stages.empty()) object["stages"] = texts_json(manifest.stages);
  if (manifest.settings.snapshot) object["snapshot"] = true;
  if (!manifest.settings.language.empty()) {
    object["language"] = manifest.settings.language;
    object["entrypoint"] = to_utf8(manifest.settings.entrypoint);
  }
  if (manifest.settings.argv) object["argv"] = to_utf8(*manifest.settings.argv);
  if (!manifest.settings.failure.empty()) object["failure"] = to_utf8(manifest.settings.failure);
  return json::serialize(object);
}

Result<Manifest> parse_manifest(std::string_view text) try {
  return read(json::parse(text).as_object());
} catch (const std::exception& error) {
  return fail(ErrorCode::kStorage, fmt::format("a recorded manifest cannot be read: {}", error.what()));
}

std::string version_digest(std::string_view artefact, std::string_view manifest_json) {
  return "sha256:" + sha256_hex(fmt::format("{}\n{}", artefact, manifest_json));
}

}  // namespace mayfly::registry
