#include "sandbox/abi/typed.h"

#include "http/query.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace mayfly::sandbox::abi {
namespace {

constexpr std::string_view kDocument = "openapi.json";

std::string quoted(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

http::Response document(const Program& program, const Call& call, std::string_view version) {
  const std::string paths = program.openapi();
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = fmt::format(R"({{"openapi":"3.1.0","info":{{"title":{},"version":{}}},"servers":[{{"url":{}}}],{})",
                              quoted(call.function), quoted(version), quoted(call.script_name), paths.substr(1));
  return response;
}

Error nothing_there(const Program& program, const Call& call) {
  constexpr int kShown = 20;
  std::string list;
  std::string lines = program.function_paths();
  int shown = 0;
  for (std::string_view rest = lines; !rest.empty(); ++shown) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (shown < kShown) fmt::format_to(std::back_inserter(list), "POST {}/{}, ", call.script_name, line);
  }
  return {ErrorCode::kNotFound,
          fmt::format("the function has nothing at this path; there are {}{}GET {}/{}", list,
                      shown > kShown ? fmt::format("{} more, ", shown - kShown) : "", call.script_name, kDocument)};
}

}  // namespace

TypedTarget find_typed(const Program& program, const Call& call, std::string_view version) {
  std::string_view rest = call.request.path();
  rest.remove_prefix(std::min(call.script_name.size() + 1, rest.size()));
  const std::string path = http::percent_decode(rest).value_or("");
  const std::string& method = call.request.method;
  const auto refuse_method = [&](std::string_view allow) {
    return TypedRefusal{{ErrorCode::kMethodNotAllowed, fmt::format("{} is not a method of this path", method)}, allow};
  };
  if (path == kDocument) {
    if (method != "GET" && method != "HEAD") return refuse_method("GET, HEAD");
    return document(program, call, version);
  }
  const auto function = program.find_function(path);
  if (!function) return TypedRefusal{nothing_there(program, call)};
  if (method != "POST") return refuse_method("POST");
  return *function;
}

}  // namespace mayfly::sandbox::abi
