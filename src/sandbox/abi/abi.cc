#include "sandbox/abi/abi.h"

#include "base/text.h"
#include "http/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace mayfly::sandbox::abi {
namespace {

// Configured variables, then query parameters: the last of a name wins, and none overrides a configured one. A name
// with
// `=` or NUL would be another name for the guest.
std::vector<std::string> command_environment(const Settings& settings, const http::Request& request) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : settings.environment) environment.push_back(name + '=' + value);
  const auto configured = static_cast<std::ptrdiff_t>(environment.size());
  std::unordered_set<std::string> seen;
  std::vector<http::Parameter> parameters = http::parse_query(request.query());
  for (auto it = parameters.rbegin(); it != parameters.rend(); ++it) {
    const bool clean = it->name.find_first_of(std::string_view("=\0", 2)) == std::string::npos;
    if (!clean || settings.environment.contains(it->name) || !seen.insert(it->name).second) continue;
    environment.push_back(it->name + '=' + it->value);
  }
  std::reverse(environment.begin() + configured, environment.end());
  return environment;
}

// Without a character at the end that is cut in two.
std::string_view whole_characters(std::string_view text) {
  for (std::size_t tail = 1; tail <= 3 && tail <= text.size(); ++tail) {
    const auto byte = static_cast<unsigned char>(text[text.size() - tail]);
    if (byte >= 0xC0) return is_utf8(text.substr(text.size() - tail)) ? text : text.substr(0, text.size() - tail);
    if (byte < 0x80) break;
  }
  return text;
}

// Looks at no more than decides it: what a program prints is nearly always text.
std::string_view content_type_of(std::string_view output) {
  constexpr std::size_t kEnough = 1024;
  const std::string_view start = output.size() > kEnough ? whole_characters(output.substr(0, kEnough)) : output;
  const bool text = start.find('\0') == std::string_view::npos && is_utf8(start);
  return text ? "text/plain; charset=utf-8" : "application/octet-stream";
}

}  // namespace

Inputs make_inputs(Kind kind, const Settings& settings, std::span<const vfs::Mount> mounts, const Call& call) {
  Inputs inputs;
  inputs.table = &settings.environment;
  inputs.egress = &settings.egress;
  inputs.mounts = mounts;
  if (settings.cgi) {
    inputs.arguments = cgi_arguments(call.request);
    inputs.environment = cgi_environment(settings, call);
  } else if (kind == Kind::kCommand || kind == Kind::kHandler) {
    inputs.arguments = {std::string(call.function)};
    inputs.environment = command_environment(settings, call.request);
  } else if (kind == Kind::kHttp || kind == Kind::kExec || kind == Kind::kTyped || kind == Kind::kSource) {
    for (const auto& [name, value] : settings.environment) inputs.environment.push_back(name + '=' + value);
  }
  if (kind == Kind::kHttp) inputs.request = &call.request;
  if (settings.argv) inputs.arguments = expand_arguments(*settings.argv, call.request);
  return inputs;
}

Result<Head> read_head(Kind kind, const Settings& settings, std::string_view output) {
  if (settings.cgi) return read_cgi_head(output);
  if (kind == Kind::kSource) return read_source_head(output);
  Head head;
  head.response.fields.add("Content-Type", kind == Kind::kHandler ? "application/json" : content_type_of(output));
  return head;
}

Status check_head(const http::Response& head) {
  const auto bad = [](std::string message) { return fail(ErrorCode::kBadResponse, std::move(message)); };
  if (head.status < 200 || head.status > 599) return bad(fmt::format("{} is not a status of a response", head.status));
  if (!http::is_field_value(head.reason)) return bad("the reason phrase has control characters");
  for (const http::Field& field : head.fields) {
    if (!http::is_token(field.name)) return bad("a header name is not a token");
    if (!http::is_field_value(field.value)) return bad("the value of header " + field.name + " has control characters");
  }
  return {};
}

Result<http::Response> take_response(HandleResponse given) {
  if (!given.status) return fail(ErrorCode::kNoResponse, "the function never called response_set_status_line");
  if (!given.body) return fail(ErrorCode::kNoResponse, "the function never called response_set_body");
  http::Response response;
  response.status = *given.status;
  response.reason = std::move(given.reason);
  response.fields = std::move(given.fields);
  if (auto checked = check_head(response); !checked) return fail(std::move(checked.error()));
  response.body = std::move(*given.body);
  return response;
}

}  // namespace mayfly::sandbox::abi
