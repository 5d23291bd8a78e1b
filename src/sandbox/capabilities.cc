#include "sandbox/capabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace mayfly::sandbox {
namespace {

enum Ability : Abilities {
  kReadInput = 1 << 0,
  kWriteOutput = 1 << 1,
  kReadArguments = 1 << 2,
  kReadEnvironment = 1 << 3,
  kReadClock = 1 << 4,
  kSleep = 1 << 5,
  kRandom = 1 << 6,
  kFiles = 1 << 7,
  kSetResponse = 1 << 8,
  kLog = 1 << 9,
  kReadTable = 1 << 10,
  kConnect = 1 << 11,
  kRequest = 1 << 12,
  kKeep = 1 << 13,
};

// What an import whose name starts so asks for.
struct Asks {
  std::string_view module;
  std::string_view prefix;
  Abilities abilities;
};

constexpr std::string_view kWasi = "wasi_snapshot_preview1";
constexpr std::array kAsks = {
    Asks{kWasi, "fd_read", kReadInput},
    Asks{kWasi, "fd_pread", kFiles},
    Asks{kWasi, "fd_write", kWriteOutput},
    Asks{kWasi, "fd_pwrite", kFiles},
    Asks{kWasi, "args_get", kReadArguments},
    Asks{kWasi, "environ_get", kReadEnvironment},
    Asks{kWasi, "clock_time_get", kReadClock},
    Asks{kWasi, "poll_oneoff", kSleep},
    Asks{kWasi, "random_get", kRandom},
    Asks{kWasi, "path_", kFiles},
    Asks{"env", "response_set_", kSetResponse},
    Asks{"env", "log", kLog},
    Asks{"env", "db_get", kReadTable},
    Asks{"env", "tcp_", kConnect},
    Asks{"env", "emscripten_get_now", kReadClock},
    Asks{"env", "emscripten_date_now", kReadClock},
    Asks{"wasi_experimental_http", "req", kRequest},
};

// What an interface whose name starts so asks for.
constexpr std::array kInterfaces = {
    std::pair{std::string_view("wasi:cli/stdin"), Abilities{kReadInput}},
    std::pair{std::string_view("wasi:cli/stdout"), Abilities{kWriteOutput}},
    std::pair{std::string_view("wasi:cli/stderr"), Abilities{kWriteOutput}},
    std::pair{std::string_view("wasi:cli/environment"), Abilities{kReadArguments | kReadEnvironment}},
    std::pair{std::string_view("wasi:clocks/"), Abilities{kReadClock}},
    std::pair{std::string_view("wasi:clocks/monotonic-clock"), Abilities{kSleep}},
    std::pair{std::string_view("wasi:random/"), Abilities{kRandom}},
    std::pair{std::string_view("wasi:filesystem/"), Abilities{kFiles}},
    std::pair{std::string_view("wasi:sockets/"), Abilities{kConnect}},
    std::pair{std::string_view("wasi:http/outgoing-handler"), Abilities{kRequest}},
    std::pair{std::string_view("wasi:http/client"), Abilities{kRequest}},
    std::pair{std::string_view("wasi:config/"), Abilities{kReadTable}},
    std::pair{std::string_view("wasi:logging/"), Abilities{kLog}},
    std::pair{std::string_view("wasi:keyvalue/"), Abilities{kKeep}},
};

constexpr std::array kInside = {
    std::pair{kReadInput, "read stdin"},
    std::pair{kWriteOutput, "write stdout and stderr"},
    std::pair{kSetResponse, "set the response"},
    std::pair{kLog, "write the log"},
    std::pair{kReadArguments, "read its arguments"},
    std::pair{kReadClock, "read the clock"},
    std::pair{kSleep, "sleep"},
    std::pair{kRandom, "get random bytes"},
    std::pair{kFiles, "use its own /tmp"},
    std::pair{kKeep, "keep values in memory for its other invocations"},
};

std::string list(const std::vector<std::string>& items, std::string_view separator) {
  return fmt::format("{}", fmt::join(items, separator));
}

}  // namespace

Abilities abilities_of(const std::vector<Import>& imports) {
  Abilities abilities = 0;
  for (const Import& import : imports) {
    for (const auto& [module, prefix, asked] : kAsks) {
      if (import.module == module && import.name.starts_with(prefix)) abilities |= asked;
    }
  }
  return abilities;
}

Abilities abilities_of_interfaces(std::string_view interfaces) {
  Abilities abilities = 0;
  while (!interfaces.empty()) {
    const std::string_view name = interfaces.substr(0, interfaces.find('\n'));
    interfaces.remove_prefix(std::min(name.size() + 1, interfaces.size()));
    for (const auto& [prefix, asked] : kInterfaces) {
      if (name.starts_with(prefix)) abilities |= asked;
    }
  }
  return abilities;
}

Capabilities capabilities(Abilities abilities, const Settings& settings, Files files) {
  Capabilities result;
  for (const auto& [ability, text] : kInside) {
    if (abilities & ability) result.inside.emplace_back(text);
  }
  if ((abilities & kFiles) && files == Files::kBundled) result.inside.emplace_back("read its own files");
  if (abilities & (kReadEnvironment | kReadTable)) {
    for (const auto& [name, value] : settings.environment) {
      result.outside.push_back(fmt::format("read the variable {}", name));
    }
  }
  if (abilities & kFiles) {
    for (const auto& [guest, source, writable] : settings.volumes) {
      result.outside.push_back(
          fmt::format("{} files of volume {} under {}", writable ? "read and write" : "read", source, guest));
    }
  }
  for (const std::string& capability : settings.egress.capabilities()) {
    const bool tcp = capability.starts_with("tcp="), http = capability.starts_with("http=");
    const bool asked = tcp ? abilities & kConnect : http ? abilities & kRequest : abilities & (kConnect | kRequest);
    if (asked) result.outside.push_back("connect with " + capability);
  }
  std::ranges::sort(result.outside);
  return result;
}

std::vector<std::string> needs(Abilities abilities) {
  std::vector<std::string> list;
  for (const auto& [ability, text] : kInside) {
    if (abilities & ability) list.emplace_back(text);
  }
  if (abilities & (kReadEnvironment | kReadTable)) list.emplace_back("read its variables");
  if (abilities & kConnect) list.emplace_back("connect where `allow` lets it");
  if (abilities & kRequest) list.emplace_back("make HTTP requests where `allow` lets it");
  return list;
}

std::string to_text(const Capabilities& capabilities) {
  if (capabilities.inside.empty() && capabilities.outside.empty()) return "compute";
  const bool both = !capabilities.inside.empty() && !capabilities.outside.empty();
  return list(capabilities.inside, ", ") + (both ? ", " : "") + list(capabilities.outside, ", ");
}

std::vector<std::string> beyond(const Capabilities& now, const Capabilities& before) {
  std::vector<std::string> more;
  std::ranges::set_difference(now.outside, before.outside, std::back_inserter(more));
  return more;
}

}  // namespace mayfly::sandbox
