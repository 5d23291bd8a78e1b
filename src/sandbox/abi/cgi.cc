// The Common Gateway Interface (RFC 3875) with the variables of WAGI 0.8.1, its bugs mended: CONTENT_TYPE is set, a
// header may come several times, and a client's Proxy header does not become HTTP_PROXY.

#include "base/text.h"
#include "http/query.h"
#include "sandbox/abi/abi.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace mayfly::sandbox::abi {
namespace {

constexpr std::size_t kMaxHeaderBlock = 64 * 1024;  // bytes; as much as is buffered before a response is committed

std::string variable_name(std::string_view header) {
  std::string name = "HTTP_";
  for (const char c : header) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return name;
}

bool is_withheld(std::string_view variable) {
  return variable == "HTTP_AUTHORIZATION" || variable == "HTTP_CONNECTION" || variable == "HTTP_PROXY";
}

Status read_status(std::string_view value, http::Response& response) {
  const auto space = value.find(' ');
  const std::string_view code = value.substr(0, space);
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), response.status);
  const bool number = error == std::errc() && end == code.data() + code.size();
  if (!number || response.status < 200 || response.status > 599) {
    return fail(ErrorCode::kBadCgi, fmt::format("`{}` is not a status: write `Status: 404 Not Found`", value));
  }
  response.reason = space == std::string_view::npos ? "" : trim(value.substr(space + 1));
  return {};
}

struct Seen {
  bool type = false, status = false, location = false;
};

Status read_line(std::string_view line, http::Response& response, Seen& seen) {
  const auto colon = line.find(':');
  const std::string_view name = trim(line.substr(0, colon));
  if (colon == std::string_view::npos || !http::is_token(name)) {
    return fail(ErrorCode::kBadCgi, fmt::format("`{}` is not a header line", line.substr(0, 100)));
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (!http::is_field_value(value)) {
    return fail(ErrorCode::kBadCgi, fmt::format("the value of {} has control characters", name));
  }
  if (http::equals_ignoring_case(name, "status")) {
    seen.status = true;
    return read_status(value, response);
  }
  seen.type |= http::equals_ignoring_case(name, "content-type");
  seen.location |= http::equals_ignoring_case(name, "location");
  response.fields.add(name, value);
  return {};
}

}  // namespace

std::vector<std::string> cgi_environment(const Settings& settings, const Call& call) {
  const http::Request& request = call.request;
  std::map<std::string, std::string, std::less<>> variables;
  const std::string_view path = request.path();
  const std::string_view raw_path_info = call.route.ends_with("/...") ? path.substr(call.script_name.size()) : "";
  const std::string path_info = http::percent_decode(raw_path_info).value_or(std::string(raw_path_info));

  for (const http::Field& field : request.fields) {
    const std::string name = variable_name(field.name);
    if (is_withheld(name)) continue;
    std::string& value = variables[name];
    if (!value.empty()) value += ", ";  // RFC 3875 section 4.1.18: one variable for several fields of a name
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
  set("X_FULL_URL", fmt::format("http://{}:{}{}", call.server_name, call.server_port, request.target));

  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + '=' + value);
  return environment;
}

std::vector<std::string> cgi_arguments(const Call& call) {
  std::vector<std::string> arguments = {std::string(call.request.path())};
  if (call.request.target.find('?') == std::string::npos) return arguments;
  std::string_view query = call.request.query();
  for (;;) {
    const auto end = query.find('&');
    arguments.emplace_back(query.substr(0, end));
    if (end == std::string_view::npos) return arguments;
    query.remove_prefix(end + 1);
  }
}

Result<Head> read_cgi_head(std::string_view output) {
  Head head;
  Seen seen;
  std::string_view rest = output.substr(0, kMaxHeaderBlock);
  for (;;) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) {
      return fail(ErrorCode::kBadCgi, "the output has no empty line that ends the headers");
    }
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    head.consumed += end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (auto read = read_line(line, head.response, seen); !read) return fail(std::move(read.error()));
  }
  if (!seen.type && !seen.status && !seen.location) {
    return fail(ErrorCode::kBadCgi, "the headers have none of Content-Type, Status and Location");
  }
  if (seen.location && !seen.status) head.response.status = 302;  // RFC 3875 section 6.2.3
  return head;
}

}  // namespace mayfly::sandbox::abi
