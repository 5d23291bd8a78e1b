#pragma once

#include "egress/addresses.h"
#include "egress/http_message.h"
#include "egress/url.h"

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace mayfly::egress {

// One request to one address, as libcurl has it. Everything given outlives it.
class CurlRequest {
 public:
  struct Options {
    std::string ca_file;  // "" for the system's
    std::size_t response_bytes;
    std::chrono::milliseconds time;
    std::chrono::milliseconds connect_time;
  };
  CurlRequest(const HttpRequest& request, const Url& url, const Address& address, const Options& options);
  CurlRequest(const CurlRequest&) = delete;

  CURL* get() const { return easy_.get(); }
  // How it ended, and whether another address may be tried: nothing has been sent.
  Reached<HttpResponse> take(CURLcode code);
  bool never_connected(CURLcode code) const;

  std::uint64_t bytes_out() const;
  std::uint64_t bytes_in() const;
  std::uint64_t connections() const { return connections_; }
  // When the last bytes of a response came; none before the first.
  std::optional<std::chrono::steady_clock::time_point> last_bytes() const { return last_bytes_; }

 private:
  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, Free>;

  static void append(List& list, const std::string& line);
  static std::size_t on_field(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);

  void set_fields(const HttpRequest& request);
  void set_method(const HttpRequest& request);
  bool take_field(std::string_view line);

  Address address_;
  Destination destination_;
  std::size_t response_bytes_;
  List fields_;
  List connect_to_;
  HttpResponse response_;
  std::size_t field_bytes_ = 0;
  std::uint64_t connections_ = 0;
  std::optional<std::chrono::steady_clock::time_point> last_bytes_;
  bool head_done_ = false;
  bool too_large_ = false;
  std::unique_ptr<CURL, Free> easy_;  // last: it is cleaned up first, and points to the others
};

}  // namespace mayfly::egress
