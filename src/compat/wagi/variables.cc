#include "compat/wagi/variables.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace mayfly::compat::wagi {
namespace {

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

bool is_name(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_name_character); }

// Name and value of a line of a file.
std::optional<std::pair<std::string_view, std::string_view>> pair_of(std::string_view line) {
  if (line.starts_with("export ")) line.remove_prefix(7);
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || !is_name(line.substr(0, equals))) return std::nullopt;
  std::string_view value = line.substr(equals + 1);
  if (value.starts_with('"')) value.remove_prefix(1);
  if (value.ends_with('"')) value.remove_suffix(1);
  if (value.find_first_of(std::string_view("\"\0", 2)) != std::string_view::npos) return std::nullopt;
  return std::pair(line.substr(0, equals), value);
}

}  // namespace

Status add_variable(Variables& variables, std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(ErrorCode::kBadOption, fmt::format("--env {}: write it as NAME=value", text));
  }
  std::string_view value = text.substr(equals + 1);
  const bool quoted =
      value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  if (quoted) value = value.substr(1, value.size() - 2);
  variables.insert_or_assign(std::string(text.substr(0, equals)), std::string(value));
  return {};
}

std::vector<std::size_t> add_variables_of_file(Variables& variables, std::string_view text) {
  std::vector<std::size_t> ignored;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    const auto pair = pair_of(line);
    if (pair) variables.insert_or_assign(std::string(pair->first), std::string(pair->second));
    else ignored.push_back(number);
  }
  return ignored;
}

}  // namespace mayfly::compat::wagi
