#include "source/sources.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/guest_log.h"
#include "sandbox/vfs/mounts.h"
#include "source/limits.h"
#include "source/translator.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::source {

using sandbox::Engine;

Result<std::unique_ptr<Sources>> Sources::open(Engine& engine, const std::string& folder, Log& log) {
  std::unique_ptr<Sources> sources(new Sources(log));
  if (folder.empty()) return sources;
  auto languages = read_languages(folder);
  if (!languages) return fail(std::move(languages.error()));
  sources->languages_ = std::move(*languages);
  for (const Language& language : sources->languages_) {
    if (language.module.empty()) continue;
    sources->interpreters_.emplace(language.name, std::make_unique<Interpreter>(engine, language.module));
  }
  return sources;
}

const Language* Sources::find(std::string_view name) const {
  const auto found = std::ranges::find(languages_, name, &Language::name);
  return found == languages_.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const sandbox::Program>> Sources::load(const Source& source, Engine::Want want) {
  const Language* language = find(source.language);
  if (language == nullptr) {
    std::string known;
    for (const Language& each : languages_) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", each.name);
    return fail(ErrorCode::kUnknownLanguage,
                fmt::format("the source is `{}`, and this server has {}", source.language,
                            known.empty() ? "no interpreters: build them with scripts/languages_setup.sh" : known));
  }
  Interpreter& interpreter = *interpreters_.at(language->interpreter.empty() ? language->name : language->interpreter);
  if (auto prepared = interpreter.prepare(want); !prepared) return fail(std::move(prepared.error()));

  const std::string key = sha256_hex(fmt::format("image\n{}\n{}\n{}\n{}\n{}", interpreter.digest(), source.language,
                                                 source.function, source.entrypoint, source.digest));
  if (auto program = interpreter.find(key)) return program;
  auto files = source.files();
  if (!files) return fail(std::move(files.error()));
  if (!language->translator.empty()) {
    if (auto translated = translate(*language, *files); !translated) return fail(std::move(translated.error()));
  }
  const auto mounts =
      sandbox::vfs::make_mounts(std::make_shared<const sandbox::vfs::Bundle>(std::move(*files)), {}, {});
  if (!mounts) return fail(mounts.error());
  sandbox::Inputs inputs;
  inputs.arguments = {std::string(source.function), fmt::format("/{}", source.entrypoint)};
  inputs.mounts = *mounts;
  auto loaded = interpreter.load(key, std::move(inputs), source.limits);
  if (!loaded) return fail(std::move(loaded.error()));
  metrics::Invocations uncounted;  // it is no request
  invoke::GuestLog(log_, "deploy", source.function, source.limits, uncounted).write(loaded->log);
  return std::move(loaded->program);
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
