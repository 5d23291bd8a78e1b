#include "source/interpreter.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/image.h"
#include "sandbox/vfs/mounts.h"
#include "source/bad_source.h"
#include "source/limits.h"

#include <fmt/format.h>

namespace mayfly::source {

using sandbox::Engine;
using sandbox::EntryPoint;
using sandbox::Kind;

std::string Interpreter::key_of(std::string_view part) const {
  return sha256_hex(fmt::format("{} of {}", part, digest_));
}

// Who can have some code does not wait for better code.
Status Interpreter::prepare(Engine::Want want) {
  if (want == Engine::Want::kSoon && code_.load() != nullptr) return {};
  const std::lock_guard lock(preparing_);
  if (code_.load() == nullptr) {
    if (auto read_it = read(); !read_it) return read_it;
  }
  const auto code = code_.load();
  if (want == Engine::Want::kSoon || code->module->tier() == sandbox::Tier::kOptimised) return {};
  const auto split =
      read_file(file_).and_then([](const std::string& module) { return sandbox::split_for_images(module); });
  if (!split) return fail(split.error());
  auto optimised = compile(split->code, want);
  return optimised ? set_code(std::move(*optimised)) : fail(std::move(optimised.error()));
}

// But for the first time, all of it is in the cache.
Status Interpreter::read() {
  const auto module = read_file(file_);
  if (!module) return fail(module.error());
  digest_ = sha256_hex(*module);
  auto code = engine_.find_compiled(key_of("code"));
  auto base = engine_.find_compiled(key_of("base image"));
  if (!code || !base) {
    const auto split = sandbox::split_for_images(*module);
    if (!split) return fail(split.error());
    auto compiled = compile(split->code, Engine::Want::kSoon);
    if (!compiled) return fail(std::move(compiled.error()));
    code = std::move(*compiled);
    auto made = make_base(*code, split->base);
    if (!made && code->tier() != sandbox::Tier::kOptimised) {
      // Baseline code takes more of the stack than some interpreters leave.
      compiled = compile(split->code, Engine::Want::kOptimised);
      if (!compiled) return fail(std::move(compiled.error()));
      code = std::move(*compiled);
      made = make_base(*code, split->base);
    }
    if (!made) return fail(std::move(made.error()));
    base = std::move(*made);
  }
  base_ = std::move(base);
  return set_code(std::move(code));
}

Result<std::unique_ptr<sandbox::Module>> Interpreter::compile(std::string_view code, Engine::Want want) const {
  return engine_.compile(code, key_of("code"), want, sandbox::kImageModule);
}

// What the interpreter does before it knows of any function is done once. A libc that looks for directories then finds
// those that every function has.
Result<std::unique_ptr<sandbox::Module>> Interpreter::make_base(const sandbox::Module& code,
                                                                std::string_view data) const {
  auto fresh = engine_.compile_image(data, key_of("data"));
  if (!fresh) return fresh;
  const std::string entry = code.find_export("prepare") != nullptr ? "prepare" : "_initialize";
  if (code.find_export(entry) == nullptr) return fresh;
  const auto program = engine_.link(code, **fresh, Engine::Start::kFresh, EntryPoint{Kind::kCommand, entry});
  if (!program) return fail(program.error());
  const auto mounts = sandbox::vfs::make_mounts(std::make_shared<const sandbox::vfs::Bundle>(Files()), {}, {});
  if (!mounts) return fail(mounts.error());
  const auto ran = invoke::run_once(*program, {.mounts = *mounts, .makes_image = true}, kInitializeLimits);
  if (ran.error) {
    return fail(ErrorCode::kInternal,
                fmt::format("the interpreter {} did not start: {}\n{}", file_, ran.error->message, ran.log));
  }
  return engine_.compile_image(ran.image, key_of("base image"));
}

Status Interpreter::set_code(std::unique_ptr<sandbox::Module> module) {
  auto initialize = engine_.link(*module, *base_, Engine::Start::kImage, EntryPoint{Kind::kSource, "initialize"});
  if (!initialize) return fail(std::move(initialize.error()));
  code_ = std::make_shared<const Code>(Code{std::move(module), std::move(*initialize)});
  return {};
}

Result<Interpreter::ProgramPtr> Interpreter::link(const sandbox::Module& image) const {
  const auto code = code_.load();
  return engine_.link(*code->module, image, Engine::Start::kImage, EntryPoint{Kind::kSource, "serve"},
                      code->initialize.get());
}

std::shared_ptr<const sandbox::Program> Interpreter::find(std::string_view key) const {
  const auto image = engine_.find_compiled(key);
  if (!image) return nullptr;
  auto program = link(*image);
  return program ? std::move(*program) : nullptr;
}

Result<Loaded> Interpreter::load(std::string_view key, sandbox::Inputs inputs, const sandbox::Limits& limits) const {
  inputs.makes_image = true;
  const auto ran = invoke::run_once(code_.load()->initialize, inputs, limits);
  if (ran.error) return fail(bad_source(*ran.error, ran.log));
  if (ran.image.empty()) {
    return fail(ErrorCode::kBadSource, "it ended the program while it was loaded, at its top level");
  }
  if (ran.keeps_files_open) {
    return fail(ErrorCode::kBadSource,
                "at its top level it opens files that stay open: every request starts from what that has made, "
                "without open files; open them in the handler");
  }
  const auto image = engine_.compile_image(ran.image, key);
  if (!image) return fail(image.error());
  auto linked = link(**image);
  if (!linked) return fail(std::move(linked.error()));
  return Loaded{std::move(*linked), ran.log};
}

}  // namespace mayfly::source
