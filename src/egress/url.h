#pragma once

#include "egress/rules.h"

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

namespace mayfly::egress {

// An absolute http or https URL, as libcurl reads it: what is checked and what is requested cannot differ.
class Url {
 public:
  // kBadUrl for anything else.
  static Reached<Url> parse(const std::string& text);
  // What a Location header means here.
  Reached<Url> resolve(const std::string& reference) const;

  const Destination& destination() const { return destination_; }
  CURLU* get() const { return handle_.get(); }
  std::string text() const;

 private:
  struct Free {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };
  using Handle = std::unique_ptr<CURLU, Free>;

  static Reached<Url> read(Handle handle, const std::string& text);

  Handle handle_;
  Destination destination_;
};

}  // namespace mayfly::egress
