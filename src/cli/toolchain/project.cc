#include "cli/toolchain/project.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kProjectFiles = {"Cargo.toml", "go.mod", "build.zig", "asconfig.json",
                                                           "package.json"};

}  // namespace

bool Project::has(std::string_view name) const { return std::ranges::find(names, name) != names.end(); }

bool Project::needs_package(std::string_view name) const {
  boost::json::error_code bad;
  const auto document = boost::json::parse(package_json, bad);
  if (bad || !document.is_object()) return false;
  return std::ranges::any_of(std::array{"dependencies", "devDependencies"}, [&](std::string_view list) {
    const auto* packages = document.as_object().if_contains(list);
    return packages != nullptr && packages->is_object() && packages->as_object().contains(name);
  });
}

std::vector<std::string> Project::sources(std::initializer_list<std::string_view> endings) const {
  const auto fits = [&](std::string_view source) {
    return std::ranges::any_of(endings, [&](std::string_view ending) { return source.ends_with(ending); });
  };
  std::vector<std::string> found;
  if (!file.empty()) {
    if (fits(file)) found.push_back(file);
    return found;
  }
  std::ranges::copy_if(names, std::back_inserter(found), fits);
  return found;
}

std::string Project::name() const { return file.empty() ? folder.filename().string() : fs::path(file).stem().string(); }

std::string Project::text() const { return (file.empty() ? folder : folder / file).string(); }

Result<Project> read_project(const fs::path& path, const Machine& machine) {
  if (!machine.exists(path)) return fail(ErrorCode::kBadConfig, fmt::format("there is no {}", path.string()));
  Project project;
  project.folder = path;
  auto names = machine.list(path);
  if (!names) {  // a file
    const std::string name = path.filename().string();
    project.folder = path.parent_path();
    if (std::ranges::find(kProjectFiles, name) == kProjectFiles.end()) project.file = name;
    names = machine.list(project.folder);
    if (!names) return fail(std::move(names.error()));
  }
  project.names = std::move(*names);
  if (project.has("package.json")) {
    auto text = machine.read(project.folder / "package.json");
    if (!text) return fail(std::move(text.error()));
    project.package_json = std::move(*text);
  }
  return project;
}

std::string wit_of(const Project& project) {
  if (project.has("wit/")) return "wit";
  std::string only;
  for (const std::string& name : project.names) {
    if (!name.ends_with(".wit")) continue;
    if (!only.empty()) return "";
    only = name;
  }
  return only;
}

}  // namespace mayfly::cli
