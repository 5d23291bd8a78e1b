#pragma once

#include "egress/addresses.h"
#include "egress/http_message.h"
#include "egress/upload.h"
#include "egress/url.h"

#include <curl/curl.h>

#include <chrono>
#include <functional>
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
    Upload* upload = nullptr;  // the body, when it streams
    // Set for a response that streams: its head or a part has come, or a part of `upload` is gone. Inside libcurl,
    // which must not be entered from it.
    std::function<void()> on_news = {};
  };
  CurlRequest(const HttpRequest& request, const Url& url, const Address& address, const Options& options);
  CurlRequest(const CurlRequest&) = delete;

  CURL* get() const { return easy_.get(); }
  // How it ended, with all of the response, and whether another address may be tried: nothing has been sent.
  Reached<void> result(CURLcode code) const;
  Reached<HttpResponse> take(CURLcode code);
  bool never_connected(CURLcode code) const;

  // Of a response that streams.
  bool has_head() const { return head_ == Head::kDone; }
  HttpResponse take_head();
  std::size_t held() const { return response_.body.size(); }
  // What has come of the body, in place of what is in `body`. When it was as much as is held, receive_on() follows.
  void take_body(std::string& body);
  http::Fields take_trailers() { return std::move(trailers_); }
  void receive_on() { go_on(CURLPAUSE_RECV); }
  void send_on() { go_on(CURLPAUSE_SEND); }  // there is more of the upload

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
  static std::size_t on_read(char* into, std::size_t size, std::size_t count, void* self);
  static int on_rewind(void* self, curl_off_t offset, int origin);
  static int on_trailers(curl_slist** list, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);

  void set_fields(const HttpRequest& request);
  void set_method(const HttpRequest& request);
  void set_upload();
  bool take_field(std::string_view line);
  void go_on(int direction);

  Address address_;
  Destination destination_;
  std::size_t response_bytes_;
  Upload* const upload_;
  const std::function<void()> on_news_;
  List fields_;
  List connect_to_;
  HttpResponse response_;
  http::Fields trailers_;
  std::size_t field_bytes_ = 0;
  std::uint64_t connections_ = 0;
  std::optional<std::chrono::steady_clock::time_point> last_bytes_;
  enum class Head { kComing, kInterim, kDone } head_ = Head::kComing;
  int paused_ = 0;  // CURLPAUSE_*, as libcurl has it
  bool too_large_ = false;
  std::unique_ptr<CURL, Free> easy_;  // last: it is cleaned up first, and points to the others
};

}  // namespace mayfly::egress
