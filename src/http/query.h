#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::http {

struct Parameter {
  std::string name;
  std::string value;
};

// Splits a query as seed 002 does: `&` between pairs, the first `=` between name and value, `+` is a space, %XX
// decoded, bytes that are not UTF-8 become U+FFFD; `a` is an empty value, `=x` an empty name. In order, with
// duplicates.
std::vector<Parameter> parse_query(std::string_view query);

// Decodes %XX; nullopt when a % is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

// A path for a program to read: %XX decoded but %00, a `%` that escapes nothing kept, bytes that are not UTF-8 become
// U+FFFD.
std::string decode_path(std::string_view text);

}  // namespace mayfly::http
