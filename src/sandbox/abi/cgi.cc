// What a program of the Common Gateway Interface (RFC 3875) is told: the variables of WAGI 0.8.1, its bugs mended.
// CONTENT_TYPE is set, several fields of a name are one variable, none overrides a configured one, and a client's Proxy
// header does not become HTTP_PROXY.

#include "base/text.h"
#include "http/query.h"
#include "sandbox/abi/abi.h"

#include <fmt/format.h>

#include <map>

namespace mayfly::sandbox::abi {
namespace {

std::string variable_name(std::string_view header) {
  std::string name = "HTTP_";
  for (const char c : header) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return name;
}

bool is_withheld(std::string_view variable) {
  return variable == "HTTP_AUTHORIZATION" || variable == "HTTP_CONNECTION" || variable == "HTTP_PROXY";
}

// What is behind the part of the path that a prefix route names: `/` of `/` when the route is `/...`.
std::string_view path_info_of(const Call& call) {
  constexpr std::string_view kRest = "/...";
  if (!call.route.ends_with(kRest)) return "";
  return call.request.path().substr(call.route.size() - kRest.size());
}

}  // namespace

std::vector<std::string> cgi_environment(const Settings& settings, const Call& call) {
  const http::Request& request = call.request;
  std::map<std::string, std::string, std::less<>> variables;
  const std::string_view raw_path_info = path_info_of(call);
  const std::string path_info = http::decode_path(raw_path_info);

  for (const http::Field& field : request.fields) {
    const std::string name = variable_name(field.name);
    if (is_withheld(name)) continue;
    std::string& value = variables[name];
    // One variable for several fields of a name (RFC 3875 section 4.1.18, for cookies RFC 6265 section 5.4).
    if (!value.empty()) value += name == "HTTP_COOKIE" ? "; " : ", ";
    value += to_utf8(field.value);
  }
  for (const auto& [name, value] : settings.environment) variables.insert_or_assign(name, value);
  const auto set = [&](std::string_view name, std::string_view value) {
    variables.insert_or_assign(std::string(name), value);
  };
  set("AUTH_TYPE", "");
  set("REMOTE_USER", "");
  set("CONTENT_LENGTH", fmt::to_string(call.body_bytes));
  set("CONTENT_TYPE", request.fields.get("Content-Type"));
  set("GATEWAY_INTERFACE", "CGI/1.1");
  set("SERVER_SOFTWARE", "WAGI/1");
  set("SERVER_PROTOCOL", fmt::format("HTTP/1.{}", request.minor_version));
  set("REQUEST_METHOD", request.method);
  set("QUERY_STRING", request.query());
  set("REMOTE_ADDR", call.remote_address);
  set("REMOTE_HOST", call.remote_address);
  set("SERVER_NAME", call.server_name);
  set("SERVER_PORT", call.server_port);
  set("SCRIPT_NAME", call.script_name);
  set("PATH_INFO", path_info);
  set("PATH_TRANSLATED", path_info);
  set("X_RAW_PATH_INFO", raw_path_info);
  set("X_MATCHED_ROUTE", call.route);
  if (!settings.language.empty()) set("REQUEST_URI", request.target);  // what routers of PHP look at
  set("X_FULL_URL", fmt::format("http://{}:{}{}", call.server_name, call.server_port, request.target));

  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + '=' + value);
  return environment;
}

std::vector<std::string> cgi_arguments(const http::Request& request) {
  std::vector<std::string> arguments = {std::string(request.path())};
  if (request.target.find('?') == std::string::npos) return arguments;
  std::string_view query = request.query();
  for (;;) {
    const auto end = query.find('&');
    arguments.emplace_back(query.substr(0, end));
    if (end == std::string_view::npos) return arguments;
    query.remove_prefix(end + 1);
  }
}

}  // namespace mayfly::sandbox::abi
