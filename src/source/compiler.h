#pragma once

#include "base/result.h"
#include "sandbox/engine.h"
#include "sandbox/program.h"
#include "source/files.h"
#include "source/language.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::source {

// What a compiler has made of a function's source.
struct Compiled {
  std::string module;
  std::string log;  // what it has warned of
};

// The compiler of a language: a command that writes a module to standard output. It is a guest, and made ready when it
// is first needed. Any thread, none of them a loop: it compiles and runs guests.
class Compiler {
 public:
  // What is given outlives it.
  Compiler(sandbox::Engine& engine, const Language& language) : engine_(engine), language_(language) {}

  // `entrypoint` is the first of the sources; files of the language beside it are the others. kBadSource, with what the
  // compiler says.
  Result<Compiled> compile(std::string_view entrypoint, Files files);

 private:
  Status prepare();

  sandbox::Engine& engine_;
  const Language& language_;
  std::mutex preparing_;
  std::shared_ptr<const sandbox::Program> program_;
  std::vector<sandbox::vfs::Mount> folders_;  // of its headers and libraries
};

}  // namespace mayfly::source
