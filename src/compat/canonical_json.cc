#include "compat/canonical_json.h"

#include "compat/limits.h"

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

namespace mayfly::compat {
namespace {

namespace json = boost::json;

// The shortest digits that give a double again, laid out as serde_json does: 1.0, 0.001, 1e16, 1.5e-7.
std::string text_of(double number) {
  char buffer[32];
  const auto [end, failed] = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = scientific.find('e');
  std::string_view mantissa = scientific.substr(0, e);
  int exponent = 0;
  const char* digits_of_exponent = buffer + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits_of_exponent, end, exponent);
  std::string sign;
  if (mantissa.starts_with('-')) {
    sign = "-";
    mantissa.remove_prefix(1);
  }
  std::string digits(mantissa);
  std::erase(digits, '.');
  if (number == 0) return sign + "0.0";
  const int point = exponent + 1;  // of the decimal point, from the first digit
  const int count = static_cast<int>(digits.size());
  constexpr int kMostWhole = 16;    // digits before the point without an exponent
  constexpr int kMostLeading = -5;  // zeros behind it
  if (point >= count && point <= kMostWhole)
    return sign + digits + std::string(static_cast<std::size_t>(point - count), '0') + ".0";
  if (point > 0 && point <= kMostWhole) return sign + digits.insert(static_cast<std::size_t>(point), ".");
  if (point > kMostLeading && point <= 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (count > 1) digits.insert(1, ".");
  return fmt::format("{}{}e{}", sign, digits, exponent);
}

// Writes each value when it is whole: a member of an object waits there for the others.
class Writer {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  std::string result;

  // What basic_parser calls.
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return begin(); }
  bool on_object_begin(json::error_code&) { return begin(); }
  bool on_array_end(std::size_t, json::error_code&) {
    std::string text = "[";
    for (const auto& [name, value] : open_.back().values) {
      if (text.size() > 1) text += ',';
      text += value;
    }
    return end(std::move(text += ']'));
  }
  bool on_object_end(std::size_t, json::error_code&) {
    auto& members = open_.back().values;
    std::ranges::stable_sort(members, {}, &Value::first);
    std::string text = "{";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i + 1].first == members[i].first) continue;  // the last of a name counts
      if (text.size() > 1) text += ',';
      text += json::serialize(json::string_view(members[i].first)) + ":" + members[i].second;
    }
    return end(std::move(text += '}'));
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return add_part(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    add_part(part);
    open_.back().name = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return add_part(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    add_part(part);
    return add(json::serialize(json::string_view(std::exchange(text_, {}))));
  }
  bool on_number_part(json::string_view part, json::error_code&) { return add_part(part); }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) { return add_whole(fmt::to_string(number)); }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    return add_whole(fmt::to_string(number));
  }
  // From its text: the parser's own number may be the next but one. It tells what is too large from what is too small.
  bool on_double(double near, json::string_view part, json::error_code& error) {
    add_part(part);
    const std::string text = std::exchange(text_, {});
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() && std::abs(near) > 1) {
      error = json::make_error_code(json::error::exponent_overflow);
      return false;
    }
    return add(text_of(number));
  }
  bool on_bool(bool value, json::error_code&) { return add(value ? "true" : "false"); }
  bool on_null(json::error_code&) { return add("null"); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  using Value = std::pair<std::string, std::string>;  // name, in an object, and text
  struct Open {
    std::string name;  // of the member that comes
    std::vector<Value> values;
  };

  bool begin() {
    open_.emplace_back();
    return true;
  }
  bool end(std::string text) {
    open_.pop_back();
    return add(std::move(text));
  }
  bool add(std::string text) {
    if (open_.empty()) result = std::move(text);
    else open_.back().values.emplace_back(std::exchange(open_.back().name, {}), std::move(text));
    return true;
  }
  bool add_whole(std::string text) {
    text_.clear();
    return add(std::move(text));
  }
  bool add_part(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  std::vector<Open> open_;
  std::string text_;  // of the string or number that is being read
};

}  // namespace

Result<std::string> canonical_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Writer> parser(options);
  json::error_code error;
  const std::size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  const std::string_view rest = text.substr(read);
  const auto extra = rest.find_first_not_of(" \t\r\n");
  if (!error && extra == std::string_view::npos) return std::move(parser.handler().result);
  const std::size_t at = error ? read : read + extra;
  return fail(ErrorCode::kBadJson, fmt::format("byte {}: {}", at, error ? error.message() : "more than one value"));
}

}  // namespace mayfly::compat
