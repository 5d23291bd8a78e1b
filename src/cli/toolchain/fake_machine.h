#pragma once

#include "cli/toolchain/machine.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace mayfly::cli {

// For tests: a machine that is texts.
class FakeMachine : public Machine {
 public:
  std::map<std::string, std::string> files;      // by path
  std::map<std::string, std::string> answers;    // by command, as to_text has it
  std::map<std::string, std::string> variables;  // of the environment
  std::set<std::string> programs;                // names of those in /bin

  // Machine
  std::string find_program(const std::string& name) const override {
    return programs.contains(name) ? "/bin/" + name : "";
  }
  std::string variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  }
  bool exists(const std::filesystem::path& path) const override {
    return files.contains(path.string()) || list(path).has_value();
  }
  Result<std::vector<std::string>> list(const std::filesystem::path& folder) const override {
    const std::string start = folder.string() + "/";
    std::set<std::string> names;
    for (const auto& [path, text] : files) {
      if (!path.starts_with(start)) continue;
      const std::string name = path.substr(start.size());
      names.insert(name.substr(0, name.find('/') + 1 == 0 ? name.size() : name.find('/') + 1));
    }
    if (names.empty()) return fail(ErrorCode::kBadConfig, fmt::format("cannot read {}", folder.string()));
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<std::string> read(const std::filesystem::path& file) const override {
    const auto found = files.find(file.string());
    if (found == files.end()) return fail(ErrorCode::kBadConfig, fmt::format("cannot read {}", file.string()));
    return found->second;
  }
  Result<std::string> ask(const Command& command, const std::filesystem::path&) const override {
    const auto found = answers.find(to_text(command));
    if (found == answers.end()) return fail(ErrorCode::kBadConfig, fmt::format("`{}` failed", to_text(command)));
    return found->second;
  }
};

}  // namespace mayfly::cli
