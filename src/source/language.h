#pragma once

#include "base/result.h"
#include "sandbox/settings.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::source {

// A language that functions may be written in: what language.toml in its folder says, as languages/README.md has it.
struct Language {
  std::string name;         // `js`
  std::string title;        // `JavaScript`
  std::string version;      // of its interpreter: `QuickJS-ng 0.16.2`
  std::string licence;      // of that: SPDX
  std::string sample;       // file of a function that is written in it, to measure it by
  std::string module;       // file of the interpreter, or of the compiler
  std::string interpreter;  // name of the language whose interpreter runs it, instead
  std::string translator;   // then: the file of the function that makes source of that language

  // Of an interpreter that is a command, run anew for each request. `${ENTRYPOINT}` is the path of the source.
  bool is_command = false;
  bool cgi = false;
  std::string argv;
  std::string failure;  // how the line that it logs begins when a request fails; the rest is what the client is told
  std::string check;    // arguments of a run at the deploy, which fails when the source is at fault
  std::map<std::string, std::string, std::less<>> environment;

  // Of a compiler, which is called with `argv` at the deploy. `${SOURCES}` are the paths of the sources.
  bool is_compiler = false;

  // Of either: what it sees beside the function's files, by path.
  std::map<std::string, std::string, std::less<>> folders;
};

// A text of it with the path of a function's source filled in.
std::string fill_in(std::string text, std::string_view entrypoint);

// Those in the folders of a folder, by name. kBadConfig, with file and line.
Result<std::vector<Language>> read_languages(const std::string& folder);

// What a file name says of its language: `js` for `hello.mjs`; "" for nothing.
std::string_view language_of_path(std::string_view path);
// What a text is probably written in; "" when that cannot be told.
std::string_view guess_language(std::string_view text);
// `py` is called `python`; "" for no language that there is.
std::string_view canonical_language(std::string_view name);
// How a file of a language is called that came without a name: `main.js`.
std::string default_path(std::string_view language);
// The file that a function's source begins with.
std::string entrypoint_of(const sandbox::Settings& settings);

}  // namespace mayfly::source
