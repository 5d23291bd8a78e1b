#include "compat/wagi/modules_toml.h"

#include "compat/wagi/limits.h"
#include "compat/wagi/module_reference.h"
#include "compat/wagi/toml_table.h"

namespace mayfly::compat::wagi {
namespace {

// Moves a value to where it belongs; for a list of them that stops at the first error.
template <typename T>
Status take(Result<T> read, T& into) {
  if (!read) return fail(std::move(read.error()));
  into = std::move(*read);
  return {};
}

Result<Module> read_module(std::string_view file, const toml::table& table) {
  const TomlTable reader(file, "[[module]]", table);
  Module module;
  module.where = reader.where();
  Status read = take(reader.text("route"), module.route);
  if (read) read = take(reader.text("module"), module.name);
  if (read) read = take(reader.optional_text("argv"), module.argv);
  if (read) read = take(reader.texts_by_name("volumes"), module.volumes);
  if (read) read = take(reader.texts("allowed_hosts"), module.allowed_hosts);
  if (read) read = take(reader.optional_number("http_max_concurrency"), module.http_max_concurrency);
  if (!read) return fail(std::move(read.error()));

  auto entrypoint = reader.optional_text("entrypoint");
  if (!entrypoint) return fail(std::move(entrypoint.error()));
  if (*entrypoint) module.entrypoint = std::move(**entrypoint);
  auto path = module_path(module.name);
  if (!path) return reader.bad("module", path.error().message);
  module.path = std::move(*path);
  return module;
}

}  // namespace

Result<std::vector<Module>> parse_modules(std::string_view text, std::string_view file) {
  const auto root = parse_toml(text, file);
  if (!root) return fail(root.error());
  const auto tables = tables_of(*root, "module", file, kMaxModules);
  if (!tables) return fail(tables.error());
  if (tables->empty()) return bad_config(file, *root, "there is no [[module]]");
  std::vector<Module> modules;
  for (const toml::table* table : *tables) {
    auto module = read_module(file, *table);
    if (!module) return fail(std::move(module.error()));
    modules.push_back(std::move(*module));
  }
  return modules;
}

}  // namespace mayfly::compat::wagi
