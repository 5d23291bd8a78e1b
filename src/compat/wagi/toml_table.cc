#include "compat/wagi/toml_table.h"

#include "deploy/bad_config.h"

#include <fmt/format.h>

#include <limits>

namespace mayfly::compat::wagi {
namespace {

std::string place(std::string_view file, const toml::source_region& region) {
  return fmt::format("{}:{}:{}", file, region.begin.line, region.begin.column);
}

}  // namespace

tl::unexpected<Error> bad_config(std::string_view file, const toml::node& part, std::string_view why) {
  return deploy::bad_config(file, part.source(), why);
}

Result<toml::table> parse_toml(std::string_view text, std::string_view file) try {
  return toml::parse(text, file);
} catch (const toml::parse_error& error) {
  return deploy::bad_config(file, error.source(), error.description());
}

Result<std::vector<const toml::table*>> tables_of(const toml::table& root, std::string_view name, std::string_view file,
                                                  std::size_t most) {
  std::vector<const toml::table*> tables;
  const toml::node* node = root.get(name);
  if (node == nullptr) return tables;
  const toml::array* list = node->as_array();
  if (list == nullptr) return bad_config(file, *node, fmt::format("`{0}` is not a list: write [[{0}]]", name));
  if (list->size() > most) return bad_config(file, *node, fmt::format("there are more than {} [[{}]]", most, name));
  for (const toml::node& entry : *list) {
    if (!entry.is_table()) return bad_config(file, entry, fmt::format("`{0}` is not a table: write [[{0}]]", name));
    tables.push_back(entry.as_table());
  }
  return tables;
}

std::string TomlTable::where() const { return place(file_, table_.source()); }

tl::unexpected<Error> TomlTable::bad(std::string_view key, std::string_view why) const {
  const toml::node* node = table_.get(key);
  return bad_config(file_, node == nullptr ? table_ : *node, fmt::format("`{}` {}", key, why));
}

Result<std::string> TomlTable::as_text(std::string_view key, const toml::node& node) const {
  const auto* text = node.as_string();
  if (text == nullptr) return bad_config(file_, node, fmt::format("`{}` is not a text", key));
  if (text->get().find('\0') != std::string::npos) {
    return bad_config(file_, node, fmt::format("`{}` has a NUL character", key));
  }
  return text->get();
}

Result<std::string> TomlTable::text(std::string_view key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return bad_config(file_, table_, fmt::format("{} has no `{}`", name_, key));
  return as_text(key, *node);
}

Result<std::optional<std::string>> TomlTable::optional_text(std::string_view key) const {
  if (!table_.contains(key)) return std::nullopt;
  return text(key);
}

Result<std::optional<std::uint32_t>> TomlTable::optional_number(std::string_view key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto* number = node->as_integer();
  if (number == nullptr || number->get() < 0 || number->get() > std::numeric_limits<std::uint32_t>::max()) {
    return bad(key, "is not a whole number from 0 to 4294967295");
  }
  return static_cast<std::uint32_t>(number->get());
}

Result<std::vector<std::string>> TomlTable::texts(std::string_view key) const {
  std::vector<std::string> texts;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return texts;
  const toml::array* list = node->as_array();
  if (list == nullptr) return bad(key, "is not a list of texts");
  for (const toml::node& entry : *list) {
    auto text = as_text(key, entry);
    if (!text) return fail(std::move(text.error()));
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<std::map<std::string, std::string>> TomlTable::texts_by_name(std::string_view key) const {
  std::map<std::string, std::string> texts;
  const auto below = table(key);
  if (!below) return fail(below.error());
  if (*below == nullptr) return texts;
  for (const auto& [name, node] : **below) {
    auto text = as_text(name.str(), node);
    if (!text) return fail(std::move(text.error()));
    texts.emplace(name.str(), std::move(*text));
  }
  return texts;
}

Result<const toml::table*> TomlTable::table(std::string_view key) const {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) return bad(key, "is not a table");
  return node->as_table();
}

}  // namespace mayfly::compat::wagi
