#pragma once

#include "base/result.h"
#include "sandbox/engine.h"
#include "sandbox/guest.h"
#include "sandbox/module.h"
#include "sandbox/program.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace mayfly::source {

// A function from source that is ready to run.
struct Loaded {
  std::shared_ptr<const sandbox::Program> program;
  std::string log;  // what it wrote to stderr while it was loaded, if it was now
};

// The interpreter of a language: its code, which all functions share, and the image that they start from. Made ready
// when it is first needed, and then kept. Any thread, none of them a loop: it compiles and runs guests.
class Interpreter {
 public:
  // Of a module, and of a function in its language that is like most.
  Interpreter(sandbox::Engine& engine, std::string file, std::string sample)
      : engine_(engine), file_(std::move(file)), sample_(std::move(sample)) {}

  // Reads and compiles it. With kSoon its code may be that of the baseline compiler.
  Status prepare(sandbox::Engine::Want want);
  // The SHA-256 of its module in hex: an image belongs to one interpreter. Once it is prepared.
  const std::string& digest() const { return digest_; }

  // A function whose image has been made under this key; null for none.
  std::shared_ptr<const sandbox::Program> find(std::string_view key) const;
  // Runs `initialize` with `inputs`, and keeps what it has become under the key. kBadSource, with what the interpreter
  // says, when the source is at fault.
  Result<Loaded> load(std::string_view key, sandbox::Inputs inputs, const sandbox::Limits& limits) const;

 private:
  // Its code, with the program that makes images of functions.
  struct Code {
    std::unique_ptr<const sandbox::Module> module;
    std::shared_ptr<const sandbox::Program> initialize;
  };
  using ProgramPtr = std::shared_ptr<const sandbox::Program>;

  Status read();
  Result<std::unique_ptr<sandbox::Module>> compile(std::string_view code, sandbox::Engine::Want want) const;
  Result<std::unique_ptr<sandbox::Module>> make_base(const sandbox::Module& code, std::string_view data) const;
  Result<std::unique_ptr<sandbox::Module>> make_common(const ProgramPtr& initialize) const;
  Result<std::shared_ptr<const Code>> link_code(std::unique_ptr<sandbox::Module> module) const;
  Result<ProgramPtr> link(const sandbox::Module& image, std::string_view changes = {}) const;
  const sandbox::Module& common() const { return common_ ? *common_ : *base_; }
  std::string key_of(std::string_view part) const;
  // Of what is different in a function's image from the common one.
  std::string key_of_changes(std::string_view key) const;

  sandbox::Engine& engine_;
  const std::string file_;
  const std::string sample_;
  std::mutex preparing_;
  std::string digest_;
  std::unique_ptr<sandbox::Module> base_;    // the image that every function's is made from
  std::unique_ptr<sandbox::Module> common_;  // the sample's, which others are kept as changes of; null for none
  std::atomic<std::shared_ptr<const Code>> code_;
};

}  // namespace mayfly::source
