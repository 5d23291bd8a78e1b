#include "cli/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <memory>

namespace mayfly::cli {
namespace {

namespace json = boost::json;

struct Cleanup {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(bytes, size * count);
  return size * count;
}

// What a problem document says to a person; the body as it is when it is none.
std::string explain(const std::string& body, long status) {
  json::error_code error;
  const json::value document = json::parse(body, error);
  if (error || !document.is_object()) return fmt::format("the server answered {}: {}", status, body);
  const auto* title = document.as_object().if_contains("title");
  const auto* detail = document.as_object().if_contains("detail");
  return fmt::format("{}: {}", title != nullptr && title->is_string() ? title->as_string().c_str() : "error",
                     detail != nullptr && detail->is_string() ? detail->as_string().c_str() : body);
}

}  // namespace

void Client::add_options(CLI::App& command) {
  command.add_option("--server", server_, "Address of the server")->capture_default_str();
  command.footer("The admin token, where the server has one, is read from the environment variable MAYFLY_TOKEN.");
}

Result<json::value> Client::call(const Request& request) const {
  std::string url = server_ + "/_mayfly/v1" + request.path;
  for (std::size_t i = 0; i < request.query.size(); ++i) {
    url += fmt::format("{}{}={}", i == 0 ? '?' : '&', request.query[i].first, encode(request.query[i].second));
  }
  const std::unique_ptr<CURL, Cleanup> curl(curl_easy_init());
  std::unique_ptr<curl_slist, Cleanup> headers(curl_slist_append(nullptr, "Content-Type: application/wasm"));
  if (const char* token = std::getenv("MAYFLY_TOKEN")) {
    headers.reset(curl_slist_append(headers.release(), fmt::format("Authorization: Bearer {}", token).c_str()));
  }
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return fail(ErrorCode::kBadOption,
                fmt::format("cannot reach {}: {}. Is `mayfly up` running there?", server_, curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 != 2) return fail(ErrorCode::kBadRequest, explain(answer, status));
  json::error_code error;
  json::value document = json::parse(answer, error);
  if (error) return fail(ErrorCode::kBadRequest, fmt::format("{} does not answer as a mayfly server does", server_));
  return document;
}

int call_and_print(const Client& client, const Client::Request& request, bool as_json,
                   const std::function<void(const json::value&)>& print) try {
  const auto answer = client.call(request);
  if (!answer) return complain(answer.error());
  if (as_json) fmt::print("{}\n", json::serialize(*answer));
  else print(*answer);
  return 0;
} catch (const std::exception&) {  // a member is missing or of another type
  return complain({ErrorCode::kBadRequest, "the server's answer is not what this version of mayfly expects"});
}

int complain(const Error& error) {
  fmt::print(stderr, "mayfly: {}\n", error.message);
  return 1;
}

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) encoded += c;
    else encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace mayfly::cli
