#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace mayfly {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// A whole number followed by one of the units, as a count of the smallest; nullopt when it is not, or overflows.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (suffix != unit.name) continue;
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(number, unit.size, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::uint64_t kKi = 1024;
  static constexpr std::array kUnits = {Unit{"", 1},           Unit{"B", 1},           Unit{"K", kKi},
                                        Unit{"KB", kKi},       Unit{"KiB", kKi},       Unit{"M", kKi * kKi},
                                        Unit{"MB", kKi * kKi}, Unit{"MiB", kKi * kKi}, Unit{"G", kKi << 20},
                                        Unit{"GB", kKi << 20}, Unit{"GiB", kKi << 20}};
  if (const auto bytes = parse_quantity(text, kUnits)) return *bytes;
  return fail(ErrorCode::kBadOption, fmt::format("`{}` is not a size: write it as 64MiB", text));
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array kUnits = {Unit{"", 1000}, Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000},
                                        Unit{"h", 3'600'000}};
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 40;  // 35 years: far from any overflow further on
  if (const auto count = parse_quantity(text, kUnits); count && *count <= kLongest) {
    return std::chrono::milliseconds(*count);
  }
  return fail(ErrorCode::kBadOption, fmt::format("`{}` is not a duration: write it as 30s or 500ms", text));
}

}  // namespace mayfly
