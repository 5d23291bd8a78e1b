#include "source/compiler.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/abi/abi.h"
#include "source/bad_source.h"
#include "source/limits.h"

#include <fmt/format.h>

namespace mayfly::source {

namespace {

// Where the language's arguments say `${SOURCES}` is each of them, by its path.
std::vector<std::string> arguments_of(const Language& language, std::string_view entrypoint, const Files& files) {
  std::vector<std::string> arguments;
  for (std::string& argument : sandbox::abi::expand_arguments(language.argv, {})) {
    if (argument != "${SOURCES}") {
      arguments.push_back(std::move(argument));
      continue;
    }
    arguments.push_back(fmt::format("/{}", entrypoint));
    for (const auto& [path, content] : files) {
      if (path != entrypoint && language_of_path(path) == language.name) arguments.push_back(fmt::format("/{}", path));
    }
  }
  return arguments;
}

// Whether it begins with FILE:LINE.
bool has_place(std::string_view line) {
  const auto colon = line.find(':');
  return colon != std::string_view::npos && colon + 1 < line.size() && line[colon + 1] >= '0' && line[colon + 1] <= '9';
}

// What a compiler prints, the first line about an error first. One of the linker is about all of the program: it has
// the place where the source begins. Paths are relative, as everywhere.
std::string message_of(std::string_view log, std::string_view entrypoint) {
  std::string first, others;
  while (!log.empty()) {
    const auto end = std::min(log.find('\n'), log.size());
    std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (line.starts_with('/')) line.remove_prefix(1);
    const bool is_error = first.empty() && line.find("error: ") != std::string_view::npos;
    (is_error ? first : others).append(line).push_back('\n');
  }
  if (!first.empty() && !has_place(first)) first.insert(0, fmt::format("{}:1: ", entrypoint));
  return first + others;
}

}  // namespace

Status Compiler::prepare() {
  const std::lock_guard lock(preparing_);
  if (program_) return {};
  auto folders = mount_folders(language_.folders);
  if (!folders) return fail(std::move(folders.error()));
  const auto bytes = read_file(language_.module);
  if (!bytes) return fail(bytes.error());
  auto program = engine_.load(*bytes, sha256_hex(*bytes), "");
  if (!program) return fail(std::move(program.error()));
  folders_ = std::move(*folders);
  program_ = std::move(*program);
  return {};
}

Result<Compiled> Compiler::compile(std::string_view entrypoint, Files files) {
  if (auto prepared = prepare(); !prepared) return fail(std::move(prepared.error()));
  sandbox::Inputs inputs;
  inputs.arguments = arguments_of(language_, entrypoint, files);
  auto mounts = mount(std::move(files));
  if (!mounts) return fail(std::move(mounts.error()));
  mounts->insert(mounts->end(), folders_.begin(), folders_.end());
  inputs.mounts = *mounts;
  auto ran = invoke::run_once(program_, inputs, kCompileLimits);
  std::string message = message_of(ran.log, entrypoint);
  if (ran.error) return fail(bad_source(*ran.error, message));
  return Compiled{std::move(ran.output), std::move(message)};
}

}  // namespace mayfly::source
