#include "http/message.h"

#include "base/text.h"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace mayfly::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// tchar of RFC 9110 section 5.6.2, by byte.
constexpr auto kIsTokenChar = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

void Fields::set(std::string_view name, std::string_view value) {
  Field field{std::string(name), std::string(value)};  // first: both may point into fields_
  remove(field.name);
  fields_.push_back(std::move(field));
}

void Fields::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& f) { return equals_ignoring_case(f.name, name); });
}

const std::string* Fields::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return &field.value;
  }
  return nullptr;
}

std::string_view Fields::get(std::string_view name) const {
  const std::string* value = find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::size_t Fields::count(std::string_view name) const {
  const auto same = [&](const Field& f) { return equals_ignoring_case(f.name, name); };
  return static_cast<std::size_t>(std::ranges::count_if(fields_, same));
}

std::string_view Request::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<std::uint64_t> content_length(const Fields& fields) {
  const std::string_view digits = fields.get("Content-Length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return length;
}

bool has_media_type(const Fields& fields, std::string_view type) {
  const std::string_view given = fields.get("Content-Type");
  return equals_ignoring_case(trim(given.substr(0, given.find(';'))), type);
}

bool is_token(std::string_view text) {
  const auto is_token_char = [](char c) { return kIsTokenChar[static_cast<unsigned char>(c)]; };
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) { return std::ranges::none_of(text, is_control); }

std::string_view reason_phrase(int status) {
  namespace beast = boost::beast::http;
  const auto known = beast::int_to_status(static_cast<unsigned>(status));
  if (known == beast::status::unknown) return {};
  return beast::obsolete_reason(known);
}

}  // namespace mayfly::http
