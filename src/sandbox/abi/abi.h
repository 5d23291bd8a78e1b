#pragma once

#include "base/result.h"
#include "http/message.h"
#include "sandbox/guest.h"
#include "sandbox/kind.h"
#include "sandbox/settings.h"

#include <span>
#include <string>
#include <string_view>

namespace mayfly::sandbox::abi {

// A request on its way to a function: what a guest may be told of it.
struct Call {
  const http::Request& request;
  std::string_view function;     // name
  std::string_view route;        // that matched: `/hello`, or `/hello/...` for a prefix
  std::string_view script_name;  // the part of the path that named the function: `/hello`
  std::string_view remote_address;
  std::string_view server_name;
  std::string_view server_port;
  std::size_t body_bytes = 0;  // of the request
};

// What the guest is given, but for its standard input. The result points into `settings` and `mounts`, which outlive
// it.
Inputs make_inputs(Kind kind, const Settings& settings, std::span<const vfs::Mount> mounts, const Call& call);

// The start of a response, from the start of stdout.
struct Head {
  http::Response response;   // without body
  std::size_t consumed = 0;  // bytes of stdout that were header, not body
  std::string ignored;       // the first line that was no header; "" when all were
};
Result<Head> read_head(Kind kind, const Settings& settings, std::string_view output);

// Whether a head that a function has made can be sent: its status, and each of its fields.
Status check_head(const http::Response& head);

// The response of a `handle` function.
Result<http::Response> take_response(HandleResponse response);

// The arguments that a template stands for: `${SCRIPT_NAME}` becomes the path, `${ARGS}` the query with a blank for
// each
// `&`, and the whole is split at blanks.
std::vector<std::string> expand_arguments(std::string_view pattern, const http::Request& request);

// cgi.cc and cgi_head.cc: WAGI's variables (RFC 3875 section 4.1) and header block (section 6).
std::vector<std::string> cgi_environment(const Settings& settings, const Call& call);
std::vector<std::string> cgi_arguments(const http::Request& request);
Result<Head> read_cgi_head(std::string_view output);

// source.cc: the standard input of a function from source, and the head of its standard output. kException when that
// says that it failed.
std::string source_input(const Call& call, std::string_view body);
bool has_source_head(std::string_view output);  // whether all of it is there
Result<Head> read_source_head(std::string_view output);

}  // namespace mayfly::sandbox::abi
