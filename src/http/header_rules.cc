#include "http/header_rules.h"

#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace mayfly::http {
namespace {

using enum ErrorCode;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
}

bool is_address_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

// host [ ":" port ] of RFC 9110 section 4.2, but of letters only that names and addresses have.
bool is_authority(std::string_view text) {
  const bool is_address = text.starts_with('[');
  const auto host_end = is_address ? text.find(']') : std::min(text.find(':'), text.size());
  if (host_end == std::string_view::npos) return false;

  const auto host = is_address ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const auto port = text.substr(is_address ? host_end + 1 : host_end);
  const bool port_ok =
      port.empty() || (port.front() == ':' && port.size() <= 6 && std::ranges::all_of(port.substr(1), is_digit));
  return port_ok && !host.empty() && std::ranges::all_of(host, is_address ? is_address_char : is_host_char);
}

// The part of an absolute-form target behind its scheme, "" when it has none that we serve.
std::string_view without_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return {};
}

// RFC 9110 section 7.2. An empty Host is what a client sends whose URL has no authority.
Status check_host(Request& request) {
  const auto hosts = request.fields.count("Host");
  if (hosts == 0 && request.minor_version >= 1) return fail(kBadRequest, "there is no Host field");
  if (hosts > 1) return fail(kBadRequest, "there is more than one Host field");
  const auto host = request.fields.get("Host");
  if (!host.empty() && !is_authority(host)) {
    return fail(kBadRequest, "Host is not a name or address");
  }
  return {};
}

// RFC 9112 section 3.2. Behind this, a target is in origin-form, or `*`.
Status check_target(Request& request) {
  const std::string_view target = request.target;
  if (request.method == "CONNECT") {
    return fail(kNotImplemented, "the method CONNECT is not implemented");
  }
  if (target == "*" && request.method == "OPTIONS") return {};
  if (target.find('#') != target.npos) {
    return fail(kBadRequest, "the request target has a fragment");
  }
  if (target.starts_with('/')) return {};

  const auto rest = without_scheme(target);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (!is_authority(authority)) {
    return fail(kBadRequest, "the request target is neither a path nor an http:// or https:// URL");
  }
  request.fields.set("Host", authority);  // it counts more than a Host field (section 3.2.2)
  std::string origin_form(rest.substr(authority.size()));
  if (origin_form.empty() && request.method == "OPTIONS") {
    origin_form = "*";  // section 3.2.4
  } else if (!origin_form.starts_with('/')) {
    origin_form.insert(0, "/");
  }
  request.target = std::move(origin_form);
  return {};
}

// RFC 9112 section 6. One way to tell where the body ends, and no two readings of it.
Status check_framing(Request& request) {
  const auto lengths = request.fields.count("Content-Length");
  const auto codings = request.fields.count("Transfer-Encoding");
  if (lengths > 1) return fail(kBadRequest, "there is more than one Content-Length field");
  if (lengths == 1 && !std::ranges::all_of(request.fields.get("Content-Length"), is_digit)) {
    return fail(kBadRequest, "Content-Length is not one decimal number");
  }
  if (codings == 0) return {};
  if (lengths > 0) return fail(kBadRequest, "there are both Content-Length and Transfer-Encoding");
  if (codings > 1) return fail(kBadRequest, "there is more than one Transfer-Encoding field");
  if (request.minor_version == 0) return fail(kBadRequest, "HTTP/1.0 has no Transfer-Encoding");

  const std::string_view value = request.fields.get("Transfer-Encoding");
  if (equals_ignoring_case(value, "chunked")) return {};
  for (const auto& coding : boost::beast::http::token_list(value)) {
    if (!equals_ignoring_case(coding, "chunked")) {
      return fail(kNotImplemented, "Transfer-Encoding names a coding other than chunked");
    }
  }
  return fail(kBadRequest, "Transfer-Encoding is not exactly `chunked`");
}

// RFC 9110 section 10.1.1.
Status check_expect(Request& request) {
  for (const auto& [name, value] : request.fields) {
    if (equals_ignoring_case(name, "Expect") && !equals_ignoring_case(value, "100-continue")) {
      return fail(kExpectationFailed, "Expect is not `100-continue`");
    }
  }
  return {};
}

bool has_connection_option(const Request& request, std::string_view option) {
  return std::ranges::any_of(request.fields, [&](const Field& field) {
    return equals_ignoring_case(field.name, "Connection") && boost::beast::http::token_list(field.value).exists(option);
  });
}

}  // namespace

Status check_version(std::string_view line) {
  const std::string_view version = line.substr(line.size() - std::min<std::size_t>(line.size(), 9));
  const bool is_version = version.size() == 9 && version.starts_with(" HTTP/") && is_digit(version[6]) &&
                          version[7] == '.' && is_digit(version[8]);
  if (!is_version || version == " HTTP/1.1" || version == " HTTP/1.0") return {};
  return fail(kHttpVersion, "the request line names an HTTP version other than 1.1 and 1.0");
}

Status check_header(Request& request) {
  for (const auto check : {check_host, check_target, check_framing, check_expect}) {
    if (auto status = check(request); !status) return status;
  }
  const bool wants_more = request.minor_version >= 1 || has_connection_option(request, "keep-alive");
  request.keep_alive = wants_more && !has_connection_option(request, "close");
  return {};
}

}  // namespace mayfly::http
