#include "deploy/options.h"

#include "base/text.h"
#include "base/units.h"
#include "source/language.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

namespace mayfly::deploy {
namespace {

using sandbox::kLargest;
using sandbox::LimitField;
using sandbox::Settings;

tl::unexpected<Error> bad(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kBadOption, fmt::format("option `{}`: {}", name, why));
}

Status set_bytes(std::size_t& limit, std::size_t largest, std::string_view name, std::string_view value) {
  const auto bytes = parse_bytes(value);
  if (!bytes) return bad(name, bytes.error().message);
  if (*bytes == 0 || *bytes > largest) {
    const bool in_gib = largest >= std::size_t{1} << 30;
    return bad(name, fmt::format("it is 1 byte to {}",
                                 in_gib ? fmt::format("{} GiB", largest >> 30) : fmt::format("{} MiB", largest >> 20)));
  }
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

Status set_count(std::size_t& limit, std::size_t smallest, std::size_t largest, std::string_view name,
                 std::string_view value) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  const bool number = error == std::errc() && end == value.data() + value.size();
  if (!number || count < smallest || count > largest) {
    return bad(name, fmt::format("it is a number from {} to {}", smallest, largest));
  }
  limit = count;
  return {};
}

Status set_limit(sandbox::Limits& limits, const LimitField& field, std::string_view value) {
  if (const auto* time = std::get_if<std::chrono::milliseconds sandbox::Limits::*>(&field.member)) {
    return set_time(limits.**time, kLargest.**time, field.option, value);
  }
  const auto size = std::get<std::size_t sandbox::Limits::*>(field.member);
  if (field.unit == LimitField::Unit::kBytes) return set_bytes(limits.*size, kLargest.*size, field.option, value);
  return set_count(limits.*size, field.smallest, kLargest.*size, field.option, value);
}

Status add_variable(Settings& settings, std::string_view value) {
  const auto equals = value.find('=');
  if (equals == std::string_view::npos || equals == 0) return bad("env", "write it as env=NAME=value");
  if (value.find('\0') != std::string_view::npos) return bad("env", "a variable has no NUL byte");
  settings.environment[std::string(value.substr(0, equals))] = value.substr(equals + 1);
  return {};
}

Status add_capability(Settings& settings, std::string_view value) {
  if (auto allowed = settings.egress.allow(value); !allowed) return bad("allow", allowed.error().message);
  return {};
}

// `NAME:/path`, or `NAME:/path:rw`: a volume that the server's operator has named.
Status add_volume(Settings& settings, std::string_view value) {
  const auto colon = value.find(':');
  std::string_view path = colon == std::string_view::npos ? "" : value.substr(colon + 1);
  const bool writable = path.ends_with(":rw");
  if (writable) path.remove_suffix(3);
  if (colon == 0 || value.starts_with('/') || !path.starts_with('/')) {
    return bad("volume",
               "write it as volume=NAME:/path, or NAME:/path:rw to write, with the name of a volume of the "
               "server");
  }
  if (path.find('\0') != std::string_view::npos) return bad("volume", "a path has no NUL byte");
  if (settings.volumes.size() == sandbox::kMaxVolumes) {
    return bad("volume", fmt::format("there are at most {}", sandbox::kMaxVolumes));
  }
  settings.volumes.push_back({std::string(path), std::string(value.substr(0, colon)), writable});
  return {};
}

Status set_tenant(Settings& settings, std::string_view value) {
  if (value.empty() || value.size() > 63 || !is_utf8(value)) return bad("tenant", "it is a name of 1 to 63 bytes");
  settings.tenant = value;
  return {};
}

Status set_arguments(Settings& settings, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) return bad("argv", "an argument has no NUL byte");
  settings.argv = value;
  return {};
}

Status set_language(Settings& settings, std::string_view value) {
  settings.language = value == "wasm" ? "" : source::canonical_language(value);
  if (settings.language.empty() && value != "wasm") {
    return bad("language", fmt::format("`{}` is none that there is: see docs/languages", value.substr(0, 50)));
  }
  return {};
}

Status set_flag(bool& flag, std::string_view name, std::string_view value) {
  if (value != "true" && value != "false" && !value.empty()) return bad(name, "it is true or false");
  flag = value != "false";
  return {};
}

std::string known_options() {
  std::string names = "entry, language, entrypoint, snapshot, cgi, argv, env, allow, volume, tenant, timing, compose";
  for (const LimitField& field : sandbox::limit_fields()) names += fmt::format(", {}", field.option);
  return names;
}

}  // namespace

Status apply_option(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "entry") {
    settings.entry = value;
    return {};
  }
  if (name == "language") return set_language(settings, value);
  if (name == "entrypoint") {
    settings.entrypoint = std::filesystem::path(value).lexically_normal().string();
    return {};
  }
  if (name == "snapshot") return set_flag(settings.snapshot, name, value);
  if (name == "cgi") return set_flag(settings.cgi, name, value);
  if (name == "argv") return set_arguments(settings, value);
  if (name == "timing") return set_flag(settings.server_timing, name, value);
  if (name == "env") return add_variable(settings, value);
  if (name == "allow") return add_capability(settings, value);
  if (name == "volume") return add_volume(settings, value);
  if (name == "tenant") return set_tenant(settings, value);
  for (const LimitField& field : sandbox::limit_fields()) {
    if (field.option == name) return set_limit(settings.limits, field, value);
  }
  return fail(ErrorCode::kBadOption,
              fmt::format("there is no option `{}`; there are {}", name.substr(0, 100), known_options()));
}

}  // namespace mayfly::deploy
