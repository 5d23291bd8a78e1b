#include "compat/wagi/module_reference.h"

#include "http/message.h"
#include "http/query.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::compat::wagi {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The scheme of a URL (RFC 3986 section 3.1), "" of a path.
std::string_view scheme_of(std::string_view reference) {
  const auto is_scheme = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  const auto colon = reference.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(reference.front())) return "";
  const std::string_view scheme = reference.substr(0, colon);
  return std::ranges::all_of(scheme, is_scheme) ? scheme : "";
}

Result<std::string> path_of_file_url(std::string_view rest) {
  rest = rest.substr(0, rest.find_first_of("?#"));
  if (rest.starts_with("//")) {
    const std::string_view host = rest.substr(2, rest.find('/', 2) - 2);
    if (!host.empty() && host != "localhost") {
      return fail(ErrorCode::kBadConfig,
                  fmt::format("names the host `{}`: a file: URL is file:///PATH, for a file of this machine", host));
    }
    rest.remove_prefix(2 + host.size());
  }
  auto path = http::percent_decode(rest);
  if (!path || path->find('\0') != std::string::npos) {
    return fail(ErrorCode::kBadConfig, "is not a file: URL: a `%` is followed by two hex digits, not 00");
  }
  if (!path->starts_with('/')) path->insert(0, "/");  // as WHATWG URL section 4.4 has it
  return std::move(*path);
}

}  // namespace

Result<std::string> module_path(std::string_view reference) {
  const std::string_view scheme = scheme_of(reference);
  if (reference.empty()) return fail(ErrorCode::kBadConfig, "is empty: it is the path of a .wasm or .wat file");
  if (scheme.empty()) return std::string(reference);
  if (http::equals_ignoring_case(scheme, "file")) return path_of_file_url(reference.substr(scheme.size() + 1));
  if (http::equals_ignoring_case(scheme, "bindle")) {
    return fail(ErrorCode::kBadConfig,
                "is on a bindle server, which this server does not ask: export the bindle to a folder and start with "
                "--bindle NAME/VERSION --bindle-path FOLDER, or name the module's file here");
  }
  if (http::equals_ignoring_case(scheme, "oci")) {
    return fail(ErrorCode::kBadConfig,
                "is in an OCI registry, which this server does not ask: pull the module, for example with `oras pull`, "
                "and name its file here");
  }
  return fail(ErrorCode::kBadConfig, fmt::format("has the unknown scheme `{}`: it is a path, or a file: URL", scheme));
}

}  // namespace mayfly::compat::wagi
