#include "registry/manifest.h"

#include "base/text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace mayfly::registry {
namespace {

namespace json = boost::json;

sandbox::Limits limits_of(const json::object& object) {
  const auto number = [&](const char* name) { return object.at(name).to_number<std::size_t>(); };
  const auto milliseconds = [&](const char* name) {
    return std::chrono::milliseconds(object.at(name).to_number<std::int64_t>());
  };
  return {.memory_bytes = number("memory_bytes"),
          .cpu = milliseconds("cpu_ms"),
          .wall = milliseconds("wall_ms"),
          .response_bytes = number("response_bytes"),
          .log_bytes = number("log_bytes"),
          .sockets = number("sockets")};
}

Manifest read(const json::object& object) {
  Manifest manifest;
  const auto kind = sandbox::kind_named(std::string_view(object.at("kind").as_string()));
  if (!kind) throw boost::system::system_error(json::make_error_code(json::error::not_string), "kind");
  manifest.entry = {*kind, std::string(object.at("entry").as_string())};
  manifest.settings.entry = manifest.entry.name;
  manifest.settings.cgi = object.at("cgi").as_bool();
  for (const auto& [name, value] : object.at("environment").as_object()) {
    manifest.settings.environment.emplace(name, value.as_string());
  }
  for (const auto& address : object.at("tcp_allow").as_array()) {
    manifest.settings.tcp_allow.emplace_back(address.as_string());
  }
  manifest.settings.limits = limits_of(object.at("limits").as_object());
  return manifest;
}

}  // namespace

boost::json::object limits_json(const sandbox::Limits& limits) {
  return {{"memory_bytes", limits.memory_bytes},     {"cpu_ms", limits.cpu.count()},  {"wall_ms", limits.wall.count()},
          {"response_bytes", limits.response_bytes}, {"log_bytes", limits.log_bytes}, {"sockets", limits.sockets}};
}

std::string to_json(const Manifest& manifest) {
  json::object environment;
  for (const auto& [name, value] : manifest.settings.environment) environment[name] = to_utf8(value);
  json::array allow;
  for (const std::string& address : manifest.settings.tcp_allow) allow.emplace_back(address);
  return json::serialize(json::object{
      {"kind", sandbox::name_of(manifest.entry.kind)},
      {"entry", manifest.entry.name},
      {"cgi", manifest.settings.cgi},
      {"environment", std::move(environment)},
      {"tcp_allow", std::move(allow)},
      {"limits", limits_json(manifest.settings.limits)},
  });
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
