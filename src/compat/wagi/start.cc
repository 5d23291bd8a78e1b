#include "compat/wagi/start.h"

#include "base/file.h"
#include "compat/wagi/bindle.h"
#include "compat/wagi/modules_toml.h"

#include <fmt/format.h>

#include <iterator>

namespace mayfly::compat::wagi {
namespace {

Result<std::vector<Module>> read_modules(const Options& options) {
  if (!options.bindle.empty()) return read_bindle({options.bindle, options.bindle_folder, options.assets_folder});
  const auto text = read_file(options.modules_toml);
  if (!text) return fail(text.error());
  return parse_modules(*text, options.modules_toml);
}

Result<Variables> read_variables(const Options& options, std::vector<std::string>& warnings) {
  Variables variables;
  for (const std::string& file : options.variable_files) {
    const auto text = read_file(file);
    if (!text) return fail(ErrorCode::kBadOption, "--env-file: " + text.error().message);
    for (const std::size_t line : add_variables_of_file(variables, *text)) {
      warnings.push_back(
          fmt::format("{}:{}: the line is left out: write NAME=value or NAME=\"value\", without blanks "
                      "around `=`",
                      file, line));
    }
  }
  for (const std::string& variable : options.variables) {
    if (auto added = add_variable(variables, variable); !added) return fail(std::move(added.error()));
  }
  return variables;
}

}  // namespace

Result<std::vector<std::string>> start_application(const Options& options, const Services& services,
                                                   registry::Registry& registry) {
  std::vector<std::string> warnings;
  if (options.modules_toml.empty() && options.bindle.empty()) {
    if (options.variables.empty() && options.variable_files.empty()) return warnings;
    return fail(ErrorCode::kBadOption, "--env and --env-file are for a WAGI application: give --wagi or --bindle, too");
  }
  const auto modules = read_modules(options);
  if (!modules) return fail(modules.error());
  const auto variables = read_variables(options, warnings);
  if (!variables) return fail(variables.error());
  auto application = load_application(*modules, *variables, services);
  if (!application) return fail(std::move(application.error()));
  std::ranges::move(application->warnings, std::back_inserter(warnings));
  auto routes = std::make_shared<const registry::RouteTable>(std::move(application->routes));
  registry.update([&](registry::Snapshot& next) { next.application = std::move(routes); });
  return warnings;
}

}  // namespace mayfly::compat::wagi
