#pragma once

#include "cli/toolchain/machine.h"

#include <initializer_list>
#include <string_view>

namespace mayfly::cli {

// What is to be built: a folder, or one source file in it. Read once; a value.
struct Project {
  std::filesystem::path folder;    // absolute
  std::string file;                // name of the one source file; "" for the folder
  std::vector<std::string> names;  // of what is in the folder, as Machine::list has them
  std::string package_json;        // its text; "" without one

  bool has(std::string_view name) const;
  // A package.json that asks for a package of this name.
  bool needs_package(std::string_view name) const;
  // The file, or those of the folder, that have one of these endings.
  std::vector<std::string> sources(std::initializer_list<std::string_view> endings) const;
  // What the module is called unless its tool chain knows better.
  std::string name() const;
  // For messages: the file or the folder.
  std::string text() const;
};

// A project file (`Cargo.toml`, `go.mod`, ...) stands for its folder. kBadConfig when there is nothing there.
Result<Project> read_project(const std::filesystem::path& path, const Machine& machine);

// What the WIT of a project is in: its folder `wit`, or its only .wit file; "" without any.
std::string wit_of(const Project& project);

}  // namespace mayfly::cli
