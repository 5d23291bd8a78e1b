#include "deploy/options.h"

#include "base/units.h"
#include "net/address.h"

#include <fmt/format.h>

#include <charconv>

namespace mayfly::deploy {
namespace {

using sandbox::kLargest;
using sandbox::Settings;

tl::unexpected<Error> bad(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kBadOption, fmt::format("option `{}`: {}", name, why));
}

Status set_bytes(std::size_t& limit, std::size_t largest, std::string_view name, std::string_view value) {
  const auto bytes = parse_bytes(value);
  if (!bytes) return bad(name, bytes.error().message);
  if (*bytes == 0 || *bytes > largest) return bad(name, fmt::format("it is 1 byte to {} MiB", largest >> 20));
  limit = *bytes;
  return {};
}

Status set_time(std::chrono::milliseconds& limit, std::chrono::milliseconds largest, std::string_view name,
                std::string_view value) {
  const auto time = parse_duration(value);
  if (!time) return bad(name, time.error().message);
  if (time->count() == 0 || *time > largest)
    return bad(name, fmt::format("it is 1 ms to {} s", largest.count() / 1000));
  limit = *time;
  return {};
}

Status set_sockets(Settings& settings, std::string_view value) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (error != std::errc() || end != value.data() + value.size() || count > kLargest.sockets) {
    return bad("sockets", fmt::format("it is a number from 0 to {}", kLargest.sockets));
  }
  settings.limits.sockets = count;
  return {};
}

Status add_variable(Settings& settings, std::string_view value) {
  const auto equals = value.find('=');
  if (equals == std::string_view::npos || equals == 0) return bad("env", "write it as env=NAME=value");
  if (value.find('\0') != std::string_view::npos) return bad("env", "a variable has no NUL byte");
  settings.environment[std::string(value.substr(0, equals))] = value.substr(equals + 1);
  return {};
}

Status add_capability(Settings& settings, std::string_view value) {
  if (!value.starts_with("tcp=")) return bad("allow", "write it as allow=tcp=HOST:PORT");
  const std::string_view address = value.substr(4);
  if (address != "*" && !address.ends_with(":*")) {
    if (const auto parsed = net::parse_host_port(address); !parsed) return bad("allow", parsed.error().message);
  }
  settings.tcp_allow.emplace_back(address);
  return {};
}

Status set_cgi(Settings& settings, std::string_view value) {
  if (value != "true" && value != "false" && !value.empty()) return bad("cgi", "it is true or false");
  settings.cgi = value != "false";
  return {};
}

}  // namespace

Status apply_option(Settings& settings, std::string_view name, std::string_view value) {
  sandbox::Limits& limits = settings.limits;
  if (name == "entry") {
    settings.entry = value;
    return {};
  }
  if (name == "cgi") return set_cgi(settings, value);
  if (name == "env") return add_variable(settings, value);
  if (name == "allow") return add_capability(settings, value);
  if (name == "memory") return set_bytes(limits.memory_bytes, kLargest.memory_bytes, name, value);
  if (name == "response") return set_bytes(limits.response_bytes, kLargest.response_bytes, name, value);
  if (name == "log") return set_bytes(limits.log_bytes, kLargest.log_bytes, name, value);
  if (name == "cpu") return set_time(limits.cpu, kLargest.cpu, name, value);
  if (name == "timeout") return set_time(limits.wall, kLargest.wall, name, value);
  if (name == "sockets") return set_sockets(settings, value);
  return fail(ErrorCode::kBadOption,
              fmt::format("there is no option `{}`; there are entry, cgi, env, allow, memory, cpu, timeout, response, "
                          "log and sockets",
                          name.substr(0, 100)));
}

Result<Settings> parse_options(const std::vector<http::Parameter>& parameters) {
  Settings settings;
  for (const auto& [name, value] : parameters) {
    if (auto applied = apply_option(settings, name, value); !applied) return fail(std::move(applied.error()));
  }
  return settings;
}

}  // namespace mayfly::deploy
