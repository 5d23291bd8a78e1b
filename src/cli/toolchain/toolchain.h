#pragma once

#include "cli/toolchain/project.h"

#include <optional>
#include <span>

namespace mayfly::cli {

// What the command line asks for, besides the project.
struct Order {
  std::string target;             // of Rust; "" for what the project needs
  std::string wit;                // absolute path of the WIT; "" for the project's
  std::string world;              // of the WIT; "" for its only one
  std::vector<std::string> more;  // arguments for the tool
  std::filesystem::path out;      // absolute; "" for the folder's `NAME.wasm`
  std::filesystem::path scratch;  // absolute: a folder that goes with the build
};

// How a module is made.
struct Plan {
  Command command;                // run in the project's folder
  std::filesystem::path out;      // where the module is to be in the end
  std::filesystem::path made;     // what the command leaves: a file, or a folder with one .wasm; "" for `out` itself
  std::vector<std::string> said;  // lines for a person: what was found out, where that may surprise
  std::optional<std::pair<std::filesystem::path, std::string>> file;  // to be written before
};

// How much of a project points to a tool chain: loose sources count only where there is no project file.
enum class Fit { kNone, kSources, kProject };

struct Toolchain {
  std::string_view name;        // as `--with` has it
  std::string_view builds;      // language
  std::string_view looked_for;  // what marks a project of it
  Fit (*fit)(const Project&);
  // kBadConfig when the tool or a part of it is missing, which says what to install, and when the project is not one
  // that it can build.
  Result<Plan> (*plan)(const Project&, const Order&, const Machine&);
};

std::span<const Toolchain> toolchains();

// The tool chain of this name, or, for "", the one that the project fits. kBadConfig for none and for several.
Result<const Toolchain*> choose(const Project& project, std::string_view with);

// Where the module of this name is to be.
std::filesystem::path out_of(const Project& project, const Order& order, std::string_view name);

// The first of these programs that is on PATH; kBadConfig, which says how to `install` it, when there is none.
Result<std::string> find_tool(const Machine& machine, const std::vector<std::string>& names, std::string_view install);
// A program of a package of npm: the project's own before one that is on PATH. `packages` are what to install.
Result<std::string> find_npm_tool(const Project& project, const Machine& machine, const std::string& name,
                                  std::string_view packages);

// Each has a file of its own.
Result<Plan> plan_cargo(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_go(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_clang(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_zig(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_assemblyscript(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_componentize_py(const Project& project, const Order& order, const Machine& machine);
Result<Plan> plan_jco(const Project& project, const Order& order, const Machine& machine);

}  // namespace mayfly::cli
