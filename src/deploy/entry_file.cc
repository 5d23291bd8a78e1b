#include "deploy/entry_file.h"

#include "base/text.h"
#include "deploy/bundle.h"
#include "sandbox/module.h"
#include "source/language.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>
#include <vector>

namespace mayfly::deploy {
namespace {

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadBundle, std::move(message)); }

bool is_module(std::string_view path) { return path.ends_with(".wasm") || path.ends_with(".wat"); }

// Those at the root that `pick` wants.
template <typename Pick>
std::vector<std::string_view> at_root(const Bundle& bundle, Pick pick) {
  std::vector<std::string_view> found;
  for (const auto& [path, bytes] : bundle.files) {
    if (path.find('/') == std::string::npos && pick(path)) found.push_back(path);
  }
  return found;
}

Result<std::string> only_module(const std::vector<std::string_view>& modules) {
  if (modules.size() == 1) return std::string(modules[0]);
  return bad(fmt::format("`{}` and `{}` are modules: name one in a function.toml, module = \"{}\"", modules[0],
                         modules[1], modules[0]));
}

Result<std::string> only_source(const Bundle& bundle, std::string_view language) {
  const auto sources = at_root(bundle, [&](std::string_view path) {
    const auto found = source::language_of_path(path);
    return !found.empty() && (language.empty() || found == language);
  });
  if (sources.size() == 1) return std::string(sources[0]);
  for (const std::string_view stem : std::array{"main", "index", "handler", "app"}) {
    for (const std::string_view path : sources) {
      if (path.substr(0, path.rfind('.')) == stem) return std::string(path);
    }
  }
  if (!sources.empty()) {
    return bad(
        fmt::format("there are several sources at its root, {}: name the one to begin with, entrypoint = \"{}\" in "
                    "a function.toml",
                    fmt::join(sources, ", "), sources[0]));
  }
  return bad(
      "there is no .wasm or .wat file and no source at its root, and no function.toml that names the `module` or the "
      "`entrypoint`");
}

Result<std::string> named_file(const Bundle& bundle, std::string_view who, std::string_view name) {
  std::string path = std::filesystem::path(name).lexically_normal().string();
  if (bundle.files.contains(path)) return path;
  return bad(fmt::format("{} names `{}`, which is no file of the bundle", who, path));
}

Result<std::string> file_of_metadata(const Bundle& bundle, sandbox::Settings& settings) {
  auto metadata = read_metadata(bundle);
  if (!metadata) return fail(std::move(metadata.error()));
  if (settings.language.empty()) settings.language = metadata->language;
  return std::move(metadata->entrypoint_file);
}

Result<std::string> find_path(const Bundle& bundle, std::string_view module, sandbox::Settings& settings) {
  if (!settings.entrypoint.empty()) return named_file(bundle, "`entrypoint`", settings.entrypoint);
  if (!module.empty()) return named_file(bundle, "`module` in function.toml", module);
  if (bundle.files.contains("metadata.json")) return file_of_metadata(bundle, settings);
  const auto modules = at_root(bundle, is_module);
  return modules.empty() || !settings.language.empty() ? only_source(bundle, settings.language) : only_module(modules);
}

}  // namespace

Result<std::string> find_entry_file(const Bundle& bundle, std::string_view module, sandbox::Settings& settings) {
  auto path = find_path(bundle, module, settings);
  if (!path) return path;
  if (settings.language.empty() && !is_module(*path)) settings.language = source::language_of_path(*path);
  settings.entrypoint = settings.language.empty() ? "" : *path;
  return path;
}

bool recognise_source(std::string& name, std::string_view bytes, sandbox::Settings& settings) {
  if (sandbox::sniff(bytes) != sandbox::UploadKind::kUnknown || bytes.empty()) return false;
  const auto dot = name.rfind('.');
  const auto language = dot == std::string::npos ? "" : source::language_of_path(name);
  if (!language.empty()) name.resize(dot);
  if (!settings.language.empty()) return false;
  const bool is_text = bytes.find('\0') == std::string_view::npos && is_utf8(bytes);
  settings.language = !language.empty() ? language : is_text ? source::guess_language(bytes) : "";
  return language.empty() && !settings.language.empty();
}

}  // namespace mayfly::deploy
