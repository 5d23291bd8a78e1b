#include "source/sources.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/guest_log.h"
#include "invoke/run_once.h"
#include "sandbox/abi/abi.h"
#include "source/bad_source.h"
#include "source/limits.h"
#include "source/translator.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::source {

using sandbox::Engine;

Result<std::unique_ptr<Sources>> Sources::open(Engine& engine, const std::string& folder, Log& log) {
  std::unique_ptr<Sources> sources(new Sources(engine, log));
  if (folder.empty()) return sources;
  auto languages = read_languages(folder);
  if (!languages) return fail(std::move(languages.error()));
  sources->languages_ = std::move(*languages);
  for (const Language& language : sources->languages_) {
    if (language.module.empty()) continue;
    if (language.is_command) {
      auto folders = mount_folders(language.folders);
      if (!folders) return fail(std::move(folders.error()));
      sources->folders_.emplace(language.name, std::move(*folders));
      continue;
    }
    if (language.is_compiler) {
      sources->compilers_.emplace(language.name, std::make_unique<Compiler>(engine, language));
      continue;
    }
    sources->interpreters_.emplace(language.name,
                                   std::make_unique<Interpreter>(engine, language.module, language.sample));
  }
  return sources;
}

const Language* Sources::find(std::string_view name) const {
  const auto found = std::ranges::find(languages_, name, &Language::name);
  return found == languages_.end() ? nullptr : &*found;
}

Result<const Language*> Sources::require(std::string_view name) const {
  if (const Language* language = find(name)) return language;
  std::string known;
  for (const Language& each : languages_) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", each.name);
  return fail(ErrorCode::kUnknownLanguage,
              fmt::format("the source is `{}`, and this server has {}", name,
                          known.empty() ? "no interpreters: build them with scripts/languages_setup.sh" : known));
}

void Sources::complete(sandbox::Settings& settings) const {
  const Language* language = find(settings.language);
  if (language == nullptr || !language->is_command) return;
  const std::string entrypoint = entrypoint_of(settings);
  settings.cgi = language->cgi;
  settings.failure = language->failure;
  if (!language->argv.empty()) settings.argv = fill_in(language->argv, entrypoint);
  for (const auto& [name, value] : language->environment) {
    settings.environment.insert_or_assign(name, fill_in(value, entrypoint));
  }
}

void Sources::add_folders(std::string_view language, std::vector<sandbox::vfs::Mount>& mounts) const {
  const auto folders = folders_.find(language);
  if (folders != folders_.end()) mounts.insert(mounts.end(), folders->second.begin(), folders->second.end());
}

Result<Sources::ProgramPtr> Sources::load(const Source& source, Engine::Want want) {
  const auto language = require(source.language);
  if (!language) return fail(language.error());
  if ((*language)->is_command) return load_command((*language)->module, want);
  if ((*language)->is_compiler) return load_compiled(**language, source, want);
  return load_image(**language, source, want);
}

// The module is made anew, in milliseconds; its code is found in the cache.
Result<Sources::ProgramPtr> Sources::load_compiled(const Language& language, const Source& source, Engine::Want want) {
  auto files = source.files();
  if (!files) return fail(std::move(files.error()));
  const auto compiled = compilers_.find(language.name)->second->compile(source.entrypoint, std::move(*files));
  if (!compiled) return fail(compiled.error());
  if (want == Engine::Want::kSoon) write_log(source, compiled->log);
  return engine_.load(compiled->module, sha256_hex(compiled->module), "", want);
}

// All functions share the program: what differs is the files they see.
Result<Sources::ProgramPtr> Sources::load_command(const std::string& file, Engine::Want want) {
  const std::lock_guard lock(commands_mutex_);
  ProgramPtr& known = commands_[file];
  if (known && (want == Engine::Want::kSoon || known->tier() == sandbox::Tier::kOptimised)) return known;
  const auto bytes = read_file(file);
  if (!bytes) return fail(bytes.error());
  auto program = engine_.load(*bytes, sha256_hex(*bytes), "", want);
  if (program) known = *program;
  return program;
}

namespace {

// A message that ends its first line with ` in /FILE on line N`, as PHP's do, with `FILE:N: ` in front.
std::string with_place(std::string message) {
  constexpr std::string_view kFile = " in /", kLine = " on line ";
  message.erase(0, message.find_first_not_of(" \r\n"));
  const std::string_view first = std::string_view(message).substr(0, message.find('\n'));
  const auto line = first.rfind(kLine), file = first.rfind(kFile, line);
  if (line == std::string_view::npos || file == std::string_view::npos) return message;
  const std::string_view path = first.substr(file + kFile.size(), line - file - kFile.size());
  return fmt::format("{}:{}: {}", path, first.substr(line + kLine.size()), message);
}

}  // namespace

Status Sources::check(const Source& source) {
  const Language* language = find(source.language);
  if (language == nullptr || language->check.empty()) return {};
  const auto program = load_command(language->module, Engine::Want::kSoon);
  if (!program) return fail(program.error());
  auto files = source.files();
  if (!files) return fail(std::move(files.error()));
  const auto mounts = mount(std::move(*files));
  if (!mounts) return fail(mounts.error());
  sandbox::Inputs inputs;
  inputs.arguments = sandbox::abi::expand_arguments(fill_in(language->check, source.entrypoint), {});
  inputs.mounts = *mounts;
  const auto ran = invoke::run_once(*program, inputs, kTranslateLimits);
  if (ran.error) return fail(bad_source(*ran.error, with_place(ran.log + ran.output)));
  return {};
}

Result<Sources::ProgramPtr> Sources::load_image(const Language& language, const Source& source, Engine::Want want) {
  const auto found = interpreters_.find(language.interpreter.empty() ? language.name : language.interpreter);
  if (found == interpreters_.end()) {
    return fail(ErrorCode::kUnknownLanguage,
                fmt::format("`{}` is run by the interpreter of `{}`, which this server does not have", language.name,
                            language.interpreter));
  }
  Interpreter& interpreter = *found->second;
  if (auto prepared = interpreter.prepare(want); !prepared) return fail(std::move(prepared.error()));

  const std::string key = sha256_hex(fmt::format("image\n{}\n{}\n{}\n{}\n{}", interpreter.digest(), language.name,
                                                 source.function, source.entrypoint, source.digest));
  if (auto program = interpreter.find(key)) return program;
  auto files = source.files();
  if (!files) return fail(std::move(files.error()));
  if (!language.translator.empty()) {
    if (auto translated = translate(language, *files); !translated) return fail(std::move(translated.error()));
  }
  const auto mounts = mount(std::move(*files));
  if (!mounts) return fail(mounts.error());
  sandbox::Inputs inputs;
  inputs.arguments = {std::string(source.function), fmt::format("/{}", source.entrypoint)};
  inputs.mounts = *mounts;
  auto loaded = interpreter.load(key, std::move(inputs), source.limits);
  if (!loaded) return fail(std::move(loaded.error()));
  write_log(source, loaded->log);
  return std::move(loaded->program);
}

// What is printed at a deploy.
void Sources::write_log(const Source& source, std::string_view text) {
  metrics::Invocations uncounted;  // it is no request
  invoke::GuestLog(log_, "deploy", source.function, source.limits, uncounted).write(text);
}

// Files keep their names, which is what traces tell.
Status Sources::translate(const Language& language, Files& files) {
  auto text = read_file(language.translator);
  if (!text) return fail(std::move(text.error()));
  const std::string path = default_path(language.interpreter);
  const auto translator = load({.function = language.name,
                                .language = language.interpreter,
                                .entrypoint = path,
                                .digest = sha256_hex(*text),
                                .files = [&]() -> Result<Files> { return Files{{path, *text}}; },
                                .limits = kTranslateLimits},
                               Engine::Want::kSoon);
  if (!translator) return fail(translator.error());
  for (auto& [name, source] : files) {
    if (language_of_path(name) != language.name || name.ends_with(".d.ts")) continue;
    auto translated = translate_file(*translator, name, source);
    if (!translated) return fail(std::move(translated.error()));
    source = std::move(*translated);
  }
  return {};
}

}  // namespace mayfly::source
