#include "storage/s3/settings.h"

#include "storage/object_store.h"

#include <fmt/format.h>

namespace mayfly::storage::s3 {

Result<Settings> read_settings(const std::function<const char*(const char*)>& variable) {
  const auto first_of = [&](std::initializer_list<const char*> names, std::string_view otherwise) {
    for (const char* name : names) {
      if (const char* value = variable(name); value != nullptr && *value != '\0') return std::string(value);
    }
    return std::string(otherwise);
  };
  Settings settings{.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}, "us-east-1"),
                    .access_key = first_of({"AWS_ACCESS_KEY_ID"}, ""),
                    .secret_key = first_of({"AWS_SECRET_ACCESS_KEY"}, ""),
                    .session_token = first_of({"AWS_SESSION_TOKEN"}, ""),
                    .ca_file = first_of({"AWS_CA_BUNDLE", "SSL_CERT_FILE"}, "")};
  settings.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"},
                               fmt::format("https://s3.{}.amazonaws.com", settings.region));
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  for (const auto& [name, value] : {std::pair("AWS_ACCESS_KEY_ID", &settings.access_key),
                                    std::pair("AWS_SECRET_ACCESS_KEY", &settings.secret_key)}) {
    if (value->empty())
      return fail(ErrorCode::kBadOption, fmt::format("--store s3:// needs {} in the environment", name));
  }
  if (!settings.endpoint.starts_with("http://") && !settings.endpoint.starts_with("https://")) {
    return fail(ErrorCode::kBadOption,
                fmt::format("AWS_ENDPOINT_URL is `{}`: it starts with http:// or https://", settings.endpoint));
  }
  const auto host = settings.endpoint.find("//") + 2;
  if (settings.endpoint.size() == host || settings.endpoint.find_first_of("/?#@", host) != std::string::npos) {
    return fail(ErrorCode::kBadOption,
                fmt::format("AWS_ENDPOINT_URL is `{}`: it has a scheme and HOST or HOST:PORT, and nothing behind it",
                            settings.endpoint));
  }
  return settings;
}

Result<Location> parse_location(std::string_view url) {
  constexpr std::string_view kScheme = "s3://";
  if (!url.starts_with(kScheme)) {
    return fail(ErrorCode::kBadOption,
                fmt::format("--store is `{}`: it is s3://BUCKET, s3://BUCKET/PREFIX, or s3:// for "
                            "every bucket",
                            url.substr(0, 200)));
  }
  const std::string_view rest = url.substr(kScheme.size());
  if (rest.empty()) return Location{};
  const auto slash = std::min(rest.find('/'), rest.size());
  Location location{std::string(rest.substr(0, slash)), std::string(rest.substr(std::min(slash + 1, rest.size())))};
  if (auto named = check_bucket_name(location.bucket); !named)
    return fail(ErrorCode::kBadOption, named.error().message);
  while (location.prefix.ends_with('/')) location.prefix.pop_back();
  if (location.prefix.empty()) return location;
  if (auto named = check_key(location.prefix); !named) {
    return fail(ErrorCode::kBadOption, "the prefix of --store: " + named.error().message);
  }
  location.prefix += '/';
  return location;
}

}  // namespace mayfly::storage::s3
