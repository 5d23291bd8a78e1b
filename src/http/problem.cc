#include "http/problem.h"

#include "base/text.h"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mayfly::http {
namespace {

constexpr std::string_view kErrorsPath = "/_mayfly/errors/";

// Seconds, for Retry-After; "" for what trying again will not mend.
std::string_view retry_after(ErrorCode code) {
  // A sandbox is free as soon as one request ends.
  if (code == ErrorCode::kOverloaded || code == ErrorCode::kTooManyRequests) return "1";
  if (code == ErrorCode::kStoreAway || code == ErrorCode::kServerMemory) return "5";
  return {};
}

// Escapes for element content and quoted attributes; `code` between backquotes becomes an element.
std::string to_html(std::string_view text) {
  std::string html;
  bool in_code = false;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      case '`':
        html += in_code ? "</code>" : "<code>";
        in_code = !in_code;
        break;
      default: html += c;
    }
  }
  return html;
}

constexpr std::string_view kStyle = R"(
  :root { color-scheme: light dark; }
  body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 10vh auto; padding: 0 1.5rem; }
  h1 { font-size: 1.7rem; line-height: 1.2; margin: .2em 0 .8em; }
  a { color: inherit; }
  code { font: .88em ui-monospace, monospace; background: #8882; border-radius: 4px; padding: .15em .35em;
         overflow-wrap: anywhere; }
  small { opacity: .75; }
  td { padding: .2rem 1.2rem .2rem 0; vertical-align: top; }
  footer { margin-top: 3rem; border-top: 1px solid #8886; padding-top: .8rem; }
)";

// Self-contained: no script, font or image, so that it also works without a network. The parts are
// HTML.
std::string page(std::string_view label, std::string_view title, std::string_view content, std::string_view footer) {
  return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{1} - mayfly</title>
<style>{4}</style>
</head>
<body>
<small>{0}</small>
<h1>{1}</h1>
{2}
<footer><small>{3}</small></footer>
</body>
</html>
)",
                     label, title, content, footer, kStyle);
}

std::string index_page() {
  std::string rows;
  for (const auto& entry : error_catalogue()) {
    rows += fmt::format("<tr><td>{2}<td><a href=\"{0}{1}\">{1}</a><td>{3}\n", kErrorsPath, entry.slug, entry.status,
                        to_html(entry.title));
  }
  return page("mayfly", "Errors", fmt::format("<table>\n{}</table>", rows),
              "The <code>type</code> of an error answer leads to one of these pages.");
}

std::string entry_page(const ErrorEntry& entry) {
  return page(fmt::format("{} {}", entry.status, reason_phrase(entry.status)), to_html(entry.title),
              fmt::format("<p>{}</p>", to_html(entry.advice)),
              fmt::format("<code>{0}{1}</code> &middot; <a href=\"{0}\">all errors</a>", kErrorsPath, entry.slug));
}

}  // namespace

Response problem(const Error& error, const ProblemOptions& options) {
  const ErrorEntry& entry = describe(error.code);
  // What is our own trouble is told to the log alone: it may name files of the server.
  const bool ours = error.code == ErrorCode::kStorage || error.code == ErrorCode::kInternal;
  const std::string detail = ours ? "the reason is in the server's log, under this request id"
                                  : to_utf8(error.message);  // JSON is UTF-8, and messages may quote a guest
  boost::json::object document = {
      {"type", fmt::format("{}{}", kErrorsPath, entry.slug)},
      {"title", entry.title},
      {"status", entry.status},
      {"detail", detail},
  };
  if (!options.request_id.empty()) document["instance"] = options.request_id;
  if (options.seed_error) document["error"] = detail;

  Response response{.status = entry.status, .body = boost::json::serialize(document)};
  // As it came: parsing it would round its numbers.
  if (!options.value.empty())
    response.body.insert(response.body.size() - 1, fmt::format(",\"value\":{}", options.value));
  response.fields.add("Content-Type", "application/problem+json");
  if (error.code == ErrorCode::kTokenNeeded) response.fields.add("WWW-Authenticate", "Bearer realm=\"mayfly\"");
  if (const auto seconds = retry_after(error.code); !seconds.empty()) {
    response.fields.add("Retry-After", seconds);
  }
  return response;
}

std::optional<std::string> problem_page(std::string_view slug) {
  if (slug.empty()) return index_page();
  const auto entry = std::ranges::find(error_catalogue(), slug, &ErrorEntry::slug);
  if (entry == error_catalogue().end()) return std::nullopt;
  return entry_page(*entry);
}

}  // namespace mayfly::http
