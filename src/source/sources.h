#pragma once

#include "base/log.h"
#include "base/result.h"
#include "sandbox/engine.h"
#include "source/interpreter.h"
#include "source/language.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::source {

// A function's files by relative path.
using Files = std::map<std::string, std::string, std::less<>>;

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

  const std::vector<Language>& languages() const { return languages_; }
  // By name; null for one that is not there.
  const Language* find(std::string_view name) const;

 private:
  explicit Sources(Log& log) : log_(log) {}

  Status translate(const Language& language, Files& files);

  Log& log_;
  std::vector<Language> languages_;
  std::map<std::string, std::unique_ptr<Interpreter>, std::less<>> interpreters_;  // by language
};

}  // namespace mayfly::source
