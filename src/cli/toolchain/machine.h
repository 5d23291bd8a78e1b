#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mayfly::cli {

// A program as it is called: never through a shell.
struct Command {
  std::vector<std::string> arguments;                            // the first is the program
  std::vector<std::pair<std::string, std::string>> environment;  // besides that of this process
};

// The machine that `mayfly build` runs on: all that tool chains look at.
class Machine {
 public:
  virtual ~Machine() = default;

  // The path of a program in the folders of PATH; "" when it is in none.
  virtual std::string find_program(const std::string& name) const = 0;
  // "" for a variable that is not set.
  virtual std::string variable(const std::string& name) const = 0;
  virtual bool exists(const std::filesystem::path& path) const = 0;
  // Names of what is in a folder, sorted; those of folders end with `/`. kBadConfig when it cannot be read.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& folder) const = 0;
  virtual Result<std::string> read(const std::filesystem::path& file) const = 0;
  // What a program writes to standard output; its standard error goes where ours does. kBadConfig when it fails.
  virtual Result<std::string> ask(const Command& command, const std::filesystem::path& folder) const = 0;
};

// This one.
class LocalMachine : public Machine {
 public:
  std::string find_program(const std::string& name) const override;
  std::string variable(const std::string& name) const override;
  bool exists(const std::filesystem::path& path) const override;
  Result<std::vector<std::string>> list(const std::filesystem::path& folder) const override;
  Result<std::string> read(const std::filesystem::path& file) const override;
  Result<std::string> ask(const Command& command, const std::filesystem::path& folder) const override;
};

// Runs a program in a folder, with the standard streams of this process, to its end: its exit status, or 128 and the
// number of the signal that ended it. kBadConfig when it cannot be started.
Result<int> run_command(const Command& command, const std::filesystem::path& folder);

// As a person would type it.
std::string to_text(const Command& command);

}  // namespace mayfly::cli
