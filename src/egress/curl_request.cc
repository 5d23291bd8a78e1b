#include "egress/curl_request.h"

#include "base/check.h"
#include "base/text.h"
#include "egress/limits.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace mayfly::egress {
namespace {

// What frames a message, or belongs to one connection: with these a guest could make its request end elsewhere than we
// think, and answer the next one on the connection.
bool is_ours(std::string_view name) {
  static constexpr std::array kOurs = {"Connection", "Content-Length",      "Expect",           "Host",
                                       "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE",
                                       "Trailer",    "Transfer-Encoding",   "Upgrade",          "HTTP2-Settings"};
  return std::ranges::any_of(kOurs, [&](const char* ours) { return http::equals_ignoring_case(name, ours); });
}

std::uint64_t number(CURL* easy, CURLINFO which) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, which, &value);
  return static_cast<std::uint64_t>(value);
}

std::uint64_t small_number(CURL* easy, CURLINFO which) {
  long value = 0;
  curl_easy_getinfo(easy, which, &value);
  return static_cast<std::uint64_t>(value);
}

}  // namespace

CurlRequest::CurlRequest(const HttpRequest& request, const Url& url, const Address& address, const Options& options)
    : address_(address),
      destination_(url.destination()),
      response_bytes_(options.response_bytes),
      upload_(options.upload),
      on_news_(options.on_news),
      easy_(curl_easy_init()) {
  CHECK(easy_ != nullptr);
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_CURLU, url.get());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // the environment's would resolve names again
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.time.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_time.count()));
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());

  // The address is part of what connections are kept by, so a function never gets one to an address that only another
  // may reach.
  append(connect_to_,
         address.is_v6() ? fmt::format("::[{}]:", address.to_string()) : fmt::format("::{}:", address.to_string()));
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);

  set_method(request);
  set_fields(request);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_field);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void CurlRequest::append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  CHECK(longer != nullptr);
  list.release();
  list.reset(longer);
}

void CurlRequest::set_method(const HttpRequest& request) {
  CURL* easy = easy_.get();
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (upload_ != nullptr) return set_upload();
  const bool has_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
}

void CurlRequest::set_upload() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  if (upload_->length()) {
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*upload_->length()));
    return;
  }
  curl_easy_setopt(easy, CURLOPT_TRAILERFUNCTION, on_trailers);
  curl_easy_setopt(easy, CURLOPT_TRAILERDATA, this);
}

void CurlRequest::set_fields(const HttpRequest& request) {
  append(fields_, "Expect:");  // libcurl leaves out a field without value, unless a semicolon asks for it
  if (request.fields.find("Content-Type") == nullptr) append(fields_, "Content-Type:");
  for (const auto& [name, value] : request.fields) {
    // Trailers are passed on, where bodies stream.
    if (on_news_ && http::equals_ignoring_case(name, "TE") && http::equals_ignoring_case(value, "trailers")) {
      for (const auto* line : {"TE: trailers", "Connection: TE"}) append(fields_, line);
    }
    if (!is_ours(name)) append(fields_, value.empty() ? name + ';' : name + ": " + value);
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, fields_.get());
}

// The last gate: whatever brought libcurl here, this is the address that was checked or there is no socket.
curl_socket_t CurlRequest::on_open(void* opened_by, curlsocktype, curl_sockaddr* given) {
  auto& self = *static_cast<CurlRequest*>(opened_by);
  boost::asio::ip::tcp::endpoint endpoint;
  if (given->addrlen > endpoint.capacity()) return CURL_SOCKET_BAD;
  std::memcpy(endpoint.data(), &given->addr, given->addrlen);
  endpoint.resize(given->addrlen);
  if (endpoint.address() != self.address_ || endpoint.port() != self.destination_.port) return CURL_SOCKET_BAD;
  ++self.connections_;
  return ::socket(given->family, given->socktype | SOCK_CLOEXEC, given->protocol);
}

std::size_t CurlRequest::on_read(char* into, std::size_t size, std::size_t count, void* of) {
  auto& self = *static_cast<CurlRequest*>(of);
  if (self.upload_->is_broken()) return CURL_READFUNC_ABORT;
  const auto taken = self.upload_->read(into, size * count);
  if (!taken) self.paused_ |= CURLPAUSE_SEND;
  if (self.on_news_) self.on_news_();
  return taken.value_or(CURL_READFUNC_PAUSE);
}

// libcurl does that only to send a request again, on a connection of its own.
int CurlRequest::on_rewind(void* of, curl_off_t offset, int origin) {
  auto& self = *static_cast<CurlRequest*>(of);
  const bool to_begin = offset == 0 && origin == SEEK_SET;
  return to_begin && self.upload_->rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

int CurlRequest::on_trailers(curl_slist** list, void* of) {
  List made(*list);
  for (const auto& [name, value] : static_cast<CurlRequest*>(of)->upload_->trailers()) {
    if (http::is_token(name) && http::is_field_value(value) && !is_ours(name)) append(made, name + ": " + value);
  }
  *list = made.release();
  return CURL_TRAILERFUNC_OK;
}

std::size_t CurlRequest::on_field(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& request = *static_cast<CurlRequest*>(self);
  request.last_bytes_ = std::chrono::steady_clock::now();
  return request.take_field({bytes, size * count}) ? size * count : 0;
}

// Lines of one head after another - those of 1xx count for nothing - and of trailers.
bool CurlRequest::take_field(std::string_view line) {
  field_bytes_ += line.size();
  too_large_ = field_bytes_ > kMaxResponseFieldBytes;
  if (too_large_) return false;
  if (head_ != Head::kDone && line.starts_with("HTTP/")) {
    response_.fields = {};
    head_ = Head::kComing;
    return true;
  }
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (head_ == Head::kComing && line.empty()) {
    response_.status = static_cast<int>(small_number(get(), CURLINFO_RESPONSE_CODE));
    head_ = response_.status < 200 ? Head::kInterim : Head::kDone;
    if (has_head() && on_news_) on_news_();
    return true;
  }
  const auto colon = line.find(':');
  if (head_ == Head::kInterim || colon == std::string_view::npos) return true;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  http::Fields& fields = has_head() ? trailers_ : response_.fields;
  if (http::is_token(name) && http::is_field_value(value)) fields.add(name, value);
  return true;
}

std::size_t CurlRequest::on_body(char* bytes, std::size_t size, std::size_t count, void* of) {
  auto& self = *static_cast<CurlRequest*>(of);
  self.last_bytes_ = std::chrono::steady_clock::now();
  const std::size_t held = self.held();
  if (self.on_news_) {
    if (held != 0 && held + size * count > kDownloadBytes) {
      self.paused_ |= CURLPAUSE_RECV;
      return CURL_WRITEFUNC_PAUSE;
    }
    self.on_news_();
  } else {
    self.too_large_ = size * count > self.response_bytes_ - held;
    if (self.too_large_) return 0;
  }
  self.response_.body.append(bytes, size * count);
  return size * count;
}

HttpResponse CurlRequest::take_head() { return {response_.status, std::move(response_.fields), {}}; }

void CurlRequest::take_body(std::string& body) {
  body.clear();
  body.swap(response_.body);
}

// libcurl calls on_body() with what it had to keep.
void CurlRequest::go_on(int direction) {
  if ((paused_ & direction) == 0) return;
  paused_ &= ~direction;
  curl_easy_pause(get(), paused_);
}

bool CurlRequest::never_connected(CURLcode code) const {
  const bool timed_out = code == CURLE_OPERATION_TIMEDOUT && number(get(), CURLINFO_CONNECT_TIME_T) == 0;
  return code == CURLE_COULDNT_CONNECT || timed_out;
}

Reached<HttpResponse> CurlRequest::take(CURLcode code) {
  auto ended = result(code);
  if (!ended) return tl::unexpected(std::move(ended.error()));
  return std::move(response_);
}

Reached<void> CurlRequest::result(CURLcode code) const {
  using enum Failure::Why;
  const std::string to = destination_.text();
  if (code == CURLE_OK && has_head()) return {};
  if (too_large_) {
    const std::size_t most = field_bytes_ > kMaxResponseFieldBytes ? kMaxResponseFieldBytes : response_bytes_;
    return failed(kTooLarge, fmt::format("{} answered more than {} bytes", to, most));
  }
  if (upload_ != nullptr && upload_->is_broken()) {
    return failed(kBroken, fmt::format("the request to {} has a body of another length than its content-length", to));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) return failed(kTimeout, fmt::format("{} did not answer in time", to));
  if (code == CURLE_COULDNT_CONNECT) return failed(kUnreachable, fmt::format("{} cannot be connected to", to));
  return failed(kBroken, fmt::format("{}: {}", to, curl_easy_strerror(code)));
}

std::uint64_t CurlRequest::bytes_out() const {
  return small_number(get(), CURLINFO_REQUEST_SIZE) + number(get(), CURLINFO_SIZE_UPLOAD_T);
}

std::uint64_t CurlRequest::bytes_in() const {
  return small_number(get(), CURLINFO_HEADER_SIZE) + number(get(), CURLINFO_SIZE_DOWNLOAD_T);
}

}  // namespace mayfly::egress
