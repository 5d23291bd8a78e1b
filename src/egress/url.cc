#include "egress/url.h"

#include "egress/limits.h"

#include <algorithm>
#include <cstdlib>

namespace mayfly::egress {
namespace {

struct Release {
  void operator()(char* text) const { curl_free(text); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  const std::unique_ptr<char, Release> owned(text);
  return text;
}

tl::unexpected<Failure> bad_url() {
  return failed(Failure::Why::kBadUrl, "the URL is not of the form http://HOST[:PORT]/PATH or https://...");
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

Reached<Url> Url::read(Handle handle, const std::string& text) {
  if (text.size() > kMaxUrlBytes || has_control(text)) return bad_url();
  if (curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) != CURLUE_OK) return bad_url();

  const std::string scheme = part(handle.get(), CURLUPART_SCHEME);
  std::string host = part(handle.get(), CURLUPART_HOST);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto canonical = canonical_host(host);
  const bool zone = !part(handle.get(), CURLUPART_ZONEID).empty();
  if ((scheme != "http" && scheme != "https") || !canonical || zone) return bad_url();
  const int port = std::atoi(part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str());  // libcurl checked it
  if (port <= 0 || port > 65535) return bad_url();

  Url url;
  url.handle_ = std::move(handle);
  url.destination_ = {scheme == "http" ? Protocol::kHttp : Protocol::kHttps, *canonical,
                      static_cast<std::uint16_t>(port)};
  return url;
}

Reached<Url> Url::parse(const std::string& text) { return read(Handle(curl_url()), text); }

Reached<Url> Url::resolve(const std::string& reference) const {
  return read(Handle(curl_url_dup(handle_.get())), reference);
}

std::string Url::text() const { return part(handle_.get(), CURLUPART_URL); }

}  // namespace mayfly::egress
