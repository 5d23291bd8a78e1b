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

Status Interpreter::prepare(Engine::Want want) {
  if (want == Engine::Want::kSoon && is_ready_) return {};
  const std::lock_guard lock(preparing_);
  if (digest_.empty()) {
    if (auto read_it = read(); !read_it) return read_it;
    is_ready_ = true;
  }
  const auto compiled = code();
  if (compiled && (want == Engine::Want::kSoon || compiled->tier() == sandbox::Tier::kOptimised)) return {};
  return compile(want);
}

// The code and its image are in the cache, but for the first time.
Status Interpreter::read() {
  auto module = read_file(file_);
  if (!module) return fail(std::move(module.error()));
  std::string digest = sha256_hex(*module);
  const std::string base_key = sha256_hex("base image of " + digest);
  code_ = engine_.find_image(sha256_hex("code of " + digest));
  base_ = engine_.find_image(base_key);
  digest_ = std::move(digest);
  if (code_ && base_) return {};
  auto made = make_base(*module);
  if (!made) digest_.clear();
  return made;
}

// What the interpreter does before it knows of any function is done once.
Status Interpreter::make_base(std::string_view module) {
  auto split = sandbox::split_for_images(module);
  if (!split) return fail(std::move(split.error()));
  code_bytes_ = std::move(split->code);
  if (auto compiled = compile(Engine::Want::kSoon); !compiled) return compiled;
  const auto fresh = engine_.compile_image(split->base, sha256_hex("data of " + digest_));
  if (!fresh) return fail(fresh.error());
  const auto code = this->code();
  const auto entry = [&](std::string_view name) { return code->find_export(name) != nullptr; };
  const std::string_view first = entry("prepare") ? "prepare" : "_initialize";
  if (!entry(first)) {
    base_ = engine_.find_image(sha256_hex("data of " + digest_));
    return {};
  }
  auto ran = start(**fresh, first);
  if (ran && ran->error && code->tier() != sandbox::Tier::kOptimised) {
    // Baseline code takes more of the stack than some interpreters leave.
    if (auto compiled = compile(Engine::Want::kOptimised); !compiled) return compiled;
    ran = start(**fresh, first);
  }
  if (!ran) return fail(std::move(ran.error()));
  if (ran->error) {
    return fail(ErrorCode::kInternal,
                fmt::format("the interpreter {} did not start: {}\n{}", file_, ran->error->message, ran->log));
  }
  auto image = engine_.compile_image(ran->image, sha256_hex("base image of " + digest_));
  if (!image) return fail(std::move(image.error()));
  base_ = std::move(*image);
  return {};
}

// Runs an export of the module as it is.
Result<invoke::Ran> Interpreter::start(const sandbox::Module& fresh, std::string_view entry) const {
  const auto program =
      engine_.link(*code(), fresh, Engine::Start::kFresh, EntryPoint{Kind::kCommand, std::string(entry)});
  if (!program) return fail(program.error());
  // A libc that looks for directories once finds those that every function has.
  const auto mounts = sandbox::vfs::make_mounts(std::make_shared<const sandbox::vfs::Bundle>(Files()), {}, {});
  if (!mounts) return fail(mounts.error());
  return invoke::run_once(*program, {.mounts = *mounts, .makes_image = true}, kInitializeLimits);
}

Status Interpreter::compile(Engine::Want want) {
  if (code_bytes_.empty()) {
    const auto module = read_file(file_);
    if (!module) return fail(module.error());
    auto split = sandbox::split_for_images(*module);
    if (!split) return fail(std::move(split.error()));
    code_bytes_ = std::move(split->code);
  }
  auto made = engine_.compile(code_bytes_, sha256_hex("code of " + digest_), want, sandbox::kImageModule);
  if (!made) return fail(std::move(made.error()));
  if ((*made)->tier() == sandbox::Tier::kOptimised) std::string().swap(code_bytes_);
  const std::lock_guard lock(code_mutex_);
  code_ = std::move(*made);
  return {};
}

std::shared_ptr<const sandbox::Module> Interpreter::code() const {
  const std::lock_guard lock(code_mutex_);
  return code_;
}

Result<std::shared_ptr<const sandbox::Program>> Interpreter::link(const sandbox::Module& image,
                                                                  std::string_view entry) const {
  return engine_.link(*code(), image, Engine::Start::kImage, EntryPoint{Kind::kSource, std::string(entry)});
}

std::shared_ptr<const sandbox::Program> Interpreter::find(std::string_view key) const {
  const auto image = engine_.find_image(key);
  if (!image) return nullptr;
  auto program = link(*image, "serve");
  return program ? std::move(*program) : nullptr;
}

Result<Loaded> Interpreter::load(std::string_view key, sandbox::Inputs inputs, const sandbox::Limits& limits) const {
  const auto program = link(*base_, "initialize");
  if (!program) return fail(program.error());
  inputs.makes_image = true;
  const auto ran = invoke::run_once(*program, inputs, limits);
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
  auto linked = link(**image, "serve");
  if (!linked) return fail(std::move(linked.error()));
  return Loaded{std::move(*linked), ran.log};
}

}  // namespace mayfly::source
