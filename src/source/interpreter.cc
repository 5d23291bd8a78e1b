#include "source/interpreter.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/image.h"
#include "source/bad_source.h"
#include "source/files.h"
#include "source/limits.h"

#include <fmt/format.h>

#include <filesystem>

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
  if (!optimised) return fail(std::move(optimised.error()));
  auto linked = link_code(std::move(*optimised));
  if (!linked) return fail(std::move(linked.error()));
  code_ = std::move(*linked);
  return {};
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
  auto linked = link_code(std::move(code));
  if (!linked) return fail(std::move(linked.error()));
  common_ = engine_.find_compiled(key_of("common image"));
  if (!common_) {
    // Without one, more is different: baseline code may not be up to a sample.
    if (auto common = make_common((*linked)->initialize)) common_ = std::move(*common);
  }
  code_ = std::move(*linked);  // the last: whoever sees it does not wait for the rest
  return {};
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
  const auto mounts = mount({});
  if (!mounts) return fail(mounts.error());
  const auto ran = invoke::run_once(*program, {.mounts = *mounts, .makes_image = true}, kInitializeLimits);
  if (ran.error) {
    return fail(ErrorCode::kInternal,
                fmt::format("the interpreter {} did not start: {}\n{}", file_, ran.error->message, ran.log));
  }
  return engine_.compile_image(ran.image.bytes, key_of("base image"));
}

Result<std::unique_ptr<sandbox::Module>> Interpreter::make_common(const ProgramPtr& initialize) const {
  auto text = read_file(sample_);
  if (!text) return fail(std::move(text.error()));
  const std::string name = std::filesystem::path(sample_).filename();
  const auto mounts = mount({{name, std::move(*text)}});
  if (!mounts) return fail(mounts.error());
  const sandbox::Inputs inputs = {.arguments = {"sample", "/" + name}, .mounts = *mounts, .makes_image = true};
  const auto ran = invoke::run_once(initialize, inputs, kInitializeLimits);
  if (ran.error) {
    return fail(ErrorCode::kInternal,
                fmt::format("the interpreter {} did not load {}: {}\n{}", file_, name, ran.error->message, ran.log));
  }
  return engine_.compile_image(ran.image.bytes, key_of("common image"));
}

Result<std::shared_ptr<const Interpreter::Code>> Interpreter::link_code(std::unique_ptr<sandbox::Module> module) const {
  auto initialize = engine_.link(*module, *base_, Engine::Start::kImage, EntryPoint{Kind::kSource, "initialize"});
  if (!initialize) return fail(std::move(initialize.error()));
  return std::make_shared<const Code>(Code{std::move(module), std::move(*initialize)});
}

Result<Interpreter::ProgramPtr> Interpreter::link(const sandbox::Module& image, std::string_view changes) const {
  const auto code = code_.load();
  return engine_.link(*code->module, image, Engine::Start::kImage, EntryPoint{Kind::kSource, "serve"},
                      code->initialize.get(), changes);
}

std::string Interpreter::key_of_changes(std::string_view key) const {
  return sha256_hex(fmt::format("{} since {}", key, sandbox::identity_of(common())));
}

std::shared_ptr<const sandbox::Program> Interpreter::find(std::string_view key) const {
  Result<ProgramPtr> linked;
  if (const auto changes = engine_.find_changes(key_of_changes(key))) {
    linked = link(common(), *changes);
  } else if (const auto image = engine_.find_compiled(key)) {
    linked = link(*image);
  }
  return linked ? std::move(*linked) : nullptr;
}

Result<Loaded> Interpreter::load(std::string_view key, sandbox::Inputs inputs, const sandbox::Limits& limits) const {
  inputs.makes_image = true;
  inputs.image_since = &common();
  const auto ran = invoke::run_once(code_.load()->initialize, inputs, limits);
  if (ran.error) return fail(bad_source(*ran.error, ran.log));
  if (ran.image.bytes.empty()) {
    return fail(ErrorCode::kBadSource, "it ended the program while it was loaded, at its top level");
  }
  if (ran.keeps_files_open) {
    return fail(ErrorCode::kBadSource,
                "at its top level it opens files that stay open: every request starts from what that has made, "
                "without open files; open them in the handler");
  }
  Result<ProgramPtr> linked;
  if (ran.image.is_changes) {
    engine_.keep_changes(ran.image.bytes, key_of_changes(key));
    linked = link(common(), ran.image.bytes);
  } else {
    const auto image = engine_.compile_image(ran.image.bytes, key);
    if (!image) return fail(image.error());
    linked = link(**image);
  }
  if (!linked) return fail(std::move(linked.error()));
  return Loaded{std::move(*linked), ran.log};
}

}  // namespace mayfly::source
