#include "compat/wagi/settings.h"

#include <fmt/format.h>

#include <filesystem>

namespace mayfly::compat::wagi {

namespace fs = std::filesystem;

namespace {

// As a C library resolves it: `data` and `./data` are `/data`.
std::string absolute_guest_path(const std::string& path) {
  std::string normal = (fs::path("/") / path).lexically_normal();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace

Result<sandbox::Settings> settings_of(const Module& module, const Variables& variables,
                                      std::vector<std::string>& warnings) {
  sandbox::Settings settings;
  settings.cgi = true;
  settings.argv = module.argv;
  settings.environment = variables;
  if (module.volumes.size() > sandbox::kMaxVolumes) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{}: `volumes` has more than {} folders", module.where, sandbox::kMaxVolumes));
  }
  for (const auto& [guest, host] : module.volumes) {
    std::error_code error;
    const fs::path source = fs::absolute(host, error).lexically_normal();
    if (error || !fs::is_directory(source, error)) {
      warnings.push_back(
          fmt::format("{}: the volume {} is left out: {} is not a folder", module.where, guest, source.string()));
      continue;
    }
    settings.volumes.push_back({absolute_guest_path(guest), source, module.volumes_writable});
  }
  settings.limits.http_responses = module.http_max_concurrency.value_or(sandbox::kLargest.http_responses);
  for (const std::string& host : module.allowed_hosts) {
    if (const auto allowed = settings.egress.allow_wagi_host(host); !allowed) {
      warnings.push_back(fmt::format("{}: {}", module.where, allowed.error().message));
    }
  }
  return settings;
}

}  // namespace mayfly::compat::wagi
