#pragma once

#include "base/result.h"

#include <toml++/toml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::compat::wagi {

// kBadConfig with FILE:LINE:COLUMN of a part of a file.
tl::unexpected<Error> bad_config(std::string_view file, const toml::node& part, std::string_view why);

// The file as TOML, or kBadConfig with where it is none.
Result<toml::table> parse_toml(std::string_view text, std::string_view file);

// The tables of `[[name]]`, in order; none when there is no such key. kBadConfig when it is something else or there are
// more than `most`.
Result<std::vector<const toml::table*>> tables_of(const toml::table& root, std::string_view name, std::string_view file,
                                                  std::size_t most);

// One table, read key by key. Keys nobody asks for are ignored. kBadConfig for values of another type; texts have no
// NUL. Views and the table outlive it.
class TomlTable {
 public:
  TomlTable(std::string_view file, std::string_view name, const toml::table& table)
      : file_(file), name_(name), table_(table) {}

  std::string where() const;  // FILE:LINE:COLUMN
  tl::unexpected<Error> bad(std::string_view key, std::string_view why) const;

  Result<std::string> text(std::string_view key) const;  // required
  Result<std::optional<std::string>> optional_text(std::string_view key) const;
  Result<std::optional<std::uint32_t>> optional_number(std::string_view key) const;
  Result<std::vector<std::string>> texts(std::string_view key) const;  // none when it is missing
  Result<std::map<std::string, std::string>> texts_by_name(std::string_view key) const;
  // The table below a key; null when it is missing.
  Result<const toml::table*> table(std::string_view key) const;

 private:
  Result<std::string> as_text(std::string_view key, const toml::node& node) const;

  std::string_view file_;
  std::string_view name_;
  const toml::table& table_;
};

}  // namespace mayfly::compat::wagi
