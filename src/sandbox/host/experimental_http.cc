#include "sandbox/host/experimental_http.h"

#include "base/text.h"
#include "egress/limits.h"
#include "egress/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::sandbox {

using egress::Failure;
using egress::HttpRequest;
using egress::HttpResponse;
using egress::Reached;

void ExperimentalHttp::ask(HttpRequest request) {
  constexpr std::chrono::seconds kLonger{1};  // the limit of the guest is what ends a request that takes too long
  const egress::HttpLimits limits = {.response_bytes = kHttpHeldBytes - held_,
                                     .time = guest_.limits().wall + kLonger,
                                     .redirects = egress::kMaxRedirects};
  answer_.reset();
  call_ = guest_.host().egress().http().send(guest_.egress_rules(), std::move(request), limits, guest_.egress_usage(),
                                             [this](Reached<HttpResponse> answer) {
                                               answer_ = std::move(answer);
                                               guest_.host().wake();
                                             });
}

std::optional<Reached<HttpResponse>> ExperimentalHttp::take_answer() {
  if (answer_) call_.reset();
  return std::exchange(answer_, std::nullopt);
}

std::uint32_t ExperimentalHttp::open(HttpResponse response) {
  while (responses_.contains(next_)) ++next_;
  held_ += response.body.size();
  responses_.emplace(next_, Response{std::move(response)});
  return next_;
}

ExperimentalHttp::Response* ExperimentalHttp::find(std::uint32_t handle) {
  const auto found = responses_.find(handle);
  return found == responses_.end() ? nullptr : &found->second;
}

void ExperimentalHttp::close(std::uint32_t handle) {
  const auto closed = responses_.extract(handle);
  if (!closed.empty()) held_ -= closed.mapped().message.body.size();
}

namespace host {
namespace {

using Code = ExperimentalHttp::Code;
using Returned = Hosted<std::uint32_t>;

std::uint32_t number(Code code) { return static_cast<std::uint32_t>(code); }

Code code_of(Failure::Why why) {
  switch (why) {
    case Failure::Why::kNotAllowed: return Code::kNotAllowed;
    case Failure::Why::kBadUrl: return Code::kInvalidUrl;
    case Failure::Why::kBadMethod: return Code::kInvalidMethod;
    case Failure::Why::kBadFields: return Code::kInvalidEncoding;
    case Failure::Why::kUnknownName:
    case Failure::Why::kUnreachable:
    case Failure::Why::kTimeout:
    case Failure::Why::kTooLarge:
    case Failure::Why::kBroken: return Code::kRequest;
  }
  return Code::kRuntime;
}

std::uint32_t refuse(Guest& guest, const Failure& failure) {
  guest.host().write_log(fmt::format("req: {}\n", failure.message));
  return number(code_of(failure.why));
}

// Text that a guest gives.
tl::expected<std::string, Code> text(Guest& guest, std::uint32_t address, std::uint32_t length, Code too_long) {
  constexpr std::size_t kMost = 2 * egress::kMaxRequestFieldBytes;  // nothing longer is accepted by what it is for
  const auto bytes = guest.memory().text(address, length);
  if (!bytes) return tl::unexpected(Code::kBufferTooSmall);
  if (bytes->size() > kMost) return tl::unexpected(too_long);
  if (!is_utf8(*bytes)) return tl::unexpected(Code::kUtf8);
  return std::string(*bytes);
}

// `name:value` lines; of two lines of a name, the last counts.
tl::expected<http::Fields, Code> parse_fields(std::string_view lines) {
  http::Fields fields;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || fields.size() == kMaxHeaders) return tl::unexpected(Code::kInvalidEncoding);
    const std::string_view value = line.substr(colon + 1);
    fields.set(line.substr(0, colon), trim(value.ends_with('\r') ? value.substr(0, value.size() - 1) : value));
  }
  return fields;
}

// Whether the first request may go anywhere at all, so that its URL is judged before the rest of it.
Reached<void> check_url(Guest& guest, const std::string& url) {
  const auto parsed = egress::Url::parse(url);
  if (!parsed) return tl::unexpected(parsed.error());
  auto permitted = guest.egress_rules().permits(parsed->destination());
  if (!permitted) ++guest.egress_usage().refused;
  return permitted;
}

Returned finish(Guest& guest, std::uint32_t status_into, std::uint32_t handle_into) {
  ExperimentalHttp& http = guest.experimental_http();
  auto answer = http.take_answer();
  if (!answer) return waiting();
  if (!*answer) return refuse(guest, answer->error());
  const GuestMemory& memory = guest.memory();
  if (!memory.write(status_into, static_cast<std::uint16_t>((*answer)->status)) ||
      !memory.slice(handle_into, sizeof(std::uint32_t))) {
    return number(Code::kMemoryAccess);
  }
  const bool written = memory.write(handle_into, http.open(std::move(**answer)));
  return number(written ? Code::kOk : Code::kMemoryAccess);
}

Returned req(Guest& guest, std::uint32_t url, std::uint32_t url_length, std::uint32_t method,
             std::uint32_t method_length, std::uint32_t fields, std::uint32_t fields_length, std::uint32_t body,
             std::uint32_t body_length, std::uint32_t status_into, std::uint32_t handle_into) {
  ExperimentalHttp& http = guest.experimental_http();
  if (http.is_asking()) return finish(guest, status_into, handle_into);
  if (!guest.memory().exists()) return number(Code::kMemoryNotFound);
  if (http.is_full()) return number(Code::kTooManySessions);

  auto to = text(guest, url, url_length, Code::kInvalidUrl);
  if (!to) return number(to.error());
  if (const auto checked = check_url(guest, *to); !checked) return refuse(guest, checked.error());
  auto by = text(guest, method, method_length, Code::kInvalidMethod);
  if (!by) return number(by.error());
  const auto bytes = guest.memory().text(body, body_length);
  if (!bytes) return number(Code::kBufferTooSmall);
  if (bytes->size() > egress::kMaxRequestBytes) {
    return refuse(guest, {Failure::Why::kTooLarge, fmt::format("a body of {} bytes passes the limit of {}",
                                                               bytes->size(), egress::kMaxRequestBytes)});
  }
  const auto lines = text(guest, fields, fields_length, Code::kInvalidEncoding);
  if (!lines) return number(lines.error());
  auto parsed = parse_fields(*lines);
  if (!parsed) return number(parsed.error());

  http.ask({std::move(*by), std::move(*to), std::move(*parsed), std::string(*bytes)});
  return waiting();
}

// Writes all of it or nothing, then its length.
Code write_text(Guest& guest, std::string_view value, std::uint32_t into, std::uint32_t room,
                std::uint32_t written_into) {
  if (value.size() > room) return Code::kBufferTooSmall;
  const auto buffer = guest.memory().slice(into, value.size());
  if (!buffer) return Code::kMemoryAccess;
  std::ranges::copy(value, buffer->begin());
  return guest.memory().write(written_into, static_cast<std::uint32_t>(value.size())) ? Code::kOk : Code::kMemoryAccess;
}

Returned header_get(Guest& guest, std::uint32_t handle, std::uint32_t name, std::uint32_t name_length,
                    std::uint32_t into, std::uint32_t room, std::uint32_t written_into) {
  const auto* response = guest.experimental_http().find(handle);
  if (response == nullptr) return number(Code::kInvalidHandle);
  if (!guest.memory().exists()) return number(Code::kMemoryNotFound);
  const auto wanted = text(guest, name, name_length, Code::kHeaderNotFound);
  if (!wanted) return number(wanted.error());
  const std::string* value = response->message.fields.find(*wanted);
  if (value == nullptr) return number(Code::kHeaderNotFound);
  return number(write_text(guest, *value, into, room, written_into));
}

Returned headers_get_all(Guest& guest, std::uint32_t handle, std::uint32_t into, std::uint32_t room,
                         std::uint32_t written_into) {
  const auto* response = guest.experimental_http().find(handle);
  if (response == nullptr) return number(Code::kInvalidHandle);
  if (!guest.memory().exists()) return number(Code::kMemoryNotFound);
  std::string lines;
  for (const auto& [name, value] : response->message.fields) {
    std::ranges::transform(name, std::back_inserter(lines),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    fmt::format_to(std::back_inserter(lines), ":{}\n", value);
  }
  if (!is_utf8(lines)) return number(Code::kUtf8);
  return number(write_text(guest, lines, into, room, written_into));
}

// A long read gives the loop its turn on the way.
Returned body_read(Guest& guest, std::uint32_t handle, std::uint32_t into, std::uint32_t room,
                   std::uint32_t read_into) {
  auto* response = guest.experimental_http().find(handle);
  if (response == nullptr) return number(Code::kInvalidHandle);
  if (!guest.memory().exists()) return number(Code::kMemoryNotFound);
  const std::string_view left = std::string_view(response->message.body).substr(response->read);
  const std::size_t length = std::min<std::size_t>(left.size(), room);
  const auto buffer = guest.memory().slice(into, length);
  if (!buffer) return number(Code::kMemoryAccess);
  const std::string_view part = left.substr(guest.progress, std::min(length - guest.progress, kHostCallBytes));
  std::copy(part.begin(), part.end(), buffer->begin() + static_cast<std::ptrdiff_t>(guest.progress));
  guest.progress += part.size();
  if (guest.progress < length) {
    guest.host().wake();
    return waiting();
  }
  guest.progress = 0;
  if (!guest.memory().write(read_into, static_cast<std::uint32_t>(length))) return number(Code::kMemoryAccess);
  response->read += length;
  return number(Code::kOk);
}

Returned close(Guest& guest, std::uint32_t handle) {
  guest.experimental_http().close(handle);
  return number(Code::kOk);
}

constexpr std::string_view kModule = "wasi_experimental_http";

constexpr std::array kFunctions = {
    waiting_host_function<req>(kModule, "req"),
    host_function<header_get>(kModule, "header_get"),
    host_function<headers_get_all>(kModule, "headers_get_all"),
    waiting_host_function<body_read>(kModule, "body_read"),
    host_function<close>(kModule, "close"),
};

}  // namespace

std::span<const HostFunction> experimental_http_functions() { return kFunctions; }

}  // namespace host
}  // namespace mayfly::sandbox
