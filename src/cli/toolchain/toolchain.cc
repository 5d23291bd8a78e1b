#include "cli/toolchain/toolchain.h"

#include "source/language.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::cli {
namespace {

Fit fit(bool by_project_file, bool by_sources) {
  if (by_project_file) return Fit::kProject;
  return by_sources ? Fit::kSources : Fit::kNone;
}

// A project file counts for a folder, not for one source in it.
bool folder_has(const Project& project, std::string_view name) { return project.file.empty() && project.has(name); }

Fit fit_cargo(const Project& project) { return fit(folder_has(project, "Cargo.toml"), false); }

Fit fit_go(const Project& project) { return fit(folder_has(project, "go.mod"), !project.sources({".go"}).empty()); }

Fit fit_clang(const Project& project) { return fit(false, !project.sources({".c", ".cc", ".cpp", ".cxx"}).empty()); }

Fit fit_zig(const Project& project) {
  return fit(folder_has(project, "build.zig"), !project.sources({".zig"}).empty());
}

Fit fit_assemblyscript(const Project& project) {
  if (project.file.empty()) return fit(project.has("asconfig.json") || project.needs_package("assemblyscript"), false);
  const bool is_assemblyscript = project.has("asconfig.json") || project.needs_package("assemblyscript");
  return fit(is_assemblyscript && project.file.ends_with(".ts"), false);
}

Fit fit_componentize_py(const Project& project) {
  return fit(false, !wit_of(project).empty() && !project.sources({".py"}).empty());
}

Fit fit_jco(const Project& project) {
  const bool sources = !project.sources({".js", ".mjs"}).empty();
  const bool asked_for =
      project.needs_package("@bytecodealliance/jco") || project.needs_package("@bytecodealliance/componentize-js");
  return fit(asked_for && sources, sources && !wit_of(project).empty());
}

constexpr std::array kToolchains = {
    Toolchain{"cargo", "Rust", "Cargo.toml", fit_cargo, plan_cargo},
    Toolchain{"go", "Go", "go.mod, or .go files", fit_go, plan_go},
    Toolchain{"clang", "C and C++", ".c, .cc, .cpp or .cxx files", fit_clang, plan_clang},
    Toolchain{"zig", "Zig", "build.zig, or .zig files", fit_zig, plan_zig},
    Toolchain{"asc", "AssemblyScript", "asconfig.json, or a package.json that asks for assemblyscript",
              fit_assemblyscript, plan_assemblyscript},
    Toolchain{"componentize-py", "components in Python", ".py files beside WIT (a folder wit, or a .wit file)",
              fit_componentize_py, plan_componentize_py},
    Toolchain{"jco", "components in JavaScript",
              ".js or .mjs files beside WIT, or beside a package.json that asks for @bytecodealliance/jco", fit_jco,
              plan_jco},
};

std::vector<const Toolchain*> fitting(const Project& project) {
  std::vector<const Toolchain*> found;
  Fit best = Fit::kSources;
  for (const Toolchain& toolchain : kToolchains) {
    const Fit how = toolchain.fit(project);
    if (how == Fit::kProject && best == Fit::kSources) {
      found.clear();
      best = Fit::kProject;
    }
    if (how == best) found.push_back(&toolchain);
  }
  return found;
}

std::string names_of(std::span<const Toolchain* const> some) {
  std::string text;
  for (const Toolchain* toolchain : some) text += fmt::format("{}{}", text.empty() ? "" : ", ", toolchain->name);
  return text;
}

// A module, or source that needs no building.
std::string deploy_instead(const Project& project) {
  const std::vector<std::string> one{project.file};
  for (const std::string& name : project.file.empty() ? project.names : one) {
    const bool is_module = name.ends_with(".wasm") || name.ends_with(".wat");
    if (!is_module && source::language_of_path(name).empty()) continue;
    return fmt::format("\n{} needs no building: `mayfly deploy {}`", name, (project.folder / name).string());
  }
  return "";
}

Error nothing_fits(const Project& project) {
  std::string text = fmt::format("{} is nothing that `mayfly build` knows how to build. It looks for", project.text());
  for (const Toolchain& toolchain : kToolchains) {
    text += fmt::format("\n  {:16} {}: {}", toolchain.name, toolchain.builds, toolchain.looked_for);
  }
  text += deploy_instead(project);
  return {ErrorCode::kBadConfig, text};
}

}  // namespace

std::span<const Toolchain> toolchains() { return kToolchains; }

Result<const Toolchain*> choose(const Project& project, std::string_view with) {
  if (!with.empty()) {
    const auto named = std::ranges::find(kToolchains, with, &Toolchain::name);
    if (named != kToolchains.end()) return &*named;
    std::vector<const Toolchain*> all;
    for (const Toolchain& toolchain : kToolchains) all.push_back(&toolchain);
    return fail(ErrorCode::kBadConfig, fmt::format("there is no tool chain `{}`; there are {}", with, names_of(all)));
  }
  const auto found = fitting(project);
  if (found.empty()) return fail(nothing_fits(project));
  if (found.size() == 1) return found.front();
  std::string text = fmt::format("several tool chains fit {}; `--with` chooses one", project.text());
  for (const Toolchain* toolchain : found) {
    text += fmt::format("\n  --with {:16} {}: {}", toolchain->name, toolchain->builds, toolchain->looked_for);
  }
  return fail(ErrorCode::kBadConfig, text);
}

std::filesystem::path out_of(const Project& project, const Order& order, std::string_view name) {
  return order.out.empty() ? project.folder / fmt::format("{}.wasm", name) : order.out;
}

Result<std::string> find_tool(const Machine& machine, const std::vector<std::string>& names, std::string_view install) {
  for (const std::string& name : names) {
    if (std::string path = machine.find_program(name); !path.empty()) return path;
  }
  return fail(ErrorCode::kBadConfig, fmt::format("`{}` is not on PATH: {}", names.front(), install));
}

Result<std::string> find_npm_tool(const Project& project, const Machine& machine, const std::string& name,
                                  std::string_view packages) {
  const std::filesystem::path own = project.folder / "node_modules/.bin" / name;
  if (machine.exists(own)) return own.string();
  return find_tool(machine, {name}, fmt::format("in the project's folder, `npm install --save-dev {}`", packages));
}

}  // namespace mayfly::cli
