#pragma once

#include "base/log.h"
#include "base/result.h"
#include "sandbox/engine.h"
#include "source/compiler.h"
#include "source/files.h"
#include "source/interpreter.h"
#include "source/language.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::source {

// A function from source.
struct Source {
  std::string_view function;  // name
  std::string_view language;
  std::string_view entrypoint;                // the file to begin with
  std::string_view digest;                    // of its files together, in hex
  std::function<Result<Files>()> files = {};  // called when they are needed
  const sandbox::Limits& limits;
};

// The languages of this server, and what makes programs of functions that are written in them. Any thread, none of
// them a loop.
class Sources {
 public:
  // The languages of a folder; "" for none. What is given outlives it.
  static Result<std::unique_ptr<Sources>> open(sandbox::Engine& engine, const std::string& folder, Log& log);

  // The program of a function: from its image where there is one, else its source is loaded now. kUnknownLanguage,
  // kBadSource.
  Result<std::shared_ptr<const sandbox::Program>> load(const Source& source, sandbox::Engine::Want want);

  // Whether a deploy may go on with a source that is only read when it is called. kBadSource.
  Status check(const Source& source);
  // What settings get from the language they name, where it has an interpreter that is a command.
  void complete(sandbox::Settings& settings) const;
  // What its functions see of files besides their own, then.
  void add_folders(std::string_view language, std::vector<sandbox::vfs::Mount>& mounts) const;

  const std::vector<Language>& languages() const { return languages_; }
  // By name; null for one that is not there.
  const Language* find(std::string_view name) const;

 private:
  Sources(sandbox::Engine& engine, Log& log) : engine_(engine), log_(log) {}

  using ProgramPtr = std::shared_ptr<const sandbox::Program>;
  Result<const Language*> require(std::string_view name) const;
  Result<ProgramPtr> load_image(const Language& language, const Source& source, sandbox::Engine::Want want);
  Result<ProgramPtr> load_compiled(const Language& language, const Source& source, sandbox::Engine::Want want);
  Result<ProgramPtr> load_command(const std::string& file, sandbox::Engine::Want want);
  Status translate(const Language& language, Files& files);
  void write_log(const Source& source, std::string_view text);

  sandbox::Engine& engine_;
  Log& log_;
  std::vector<Language> languages_;
  std::map<std::string, std::unique_ptr<Interpreter>, std::less<>> interpreters_;  // by language
  std::map<std::string, std::unique_ptr<Compiler>, std::less<>> compilers_;        // by language
  std::mutex commands_mutex_;
  std::map<std::string, ProgramPtr, std::less<>> commands_;                       // by file
  std::map<std::string, std::vector<sandbox::vfs::Mount>, std::less<>> folders_;  // of commands, by language
};

}  // namespace mayfly::source
