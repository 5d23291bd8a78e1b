// `mayfly languages`: what functions may be written in here, and what that costs on this machine.

#include "base/log.h"
#include "base/unique_fd.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/folders.h"
#include "source/measure.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace mayfly::cli {
namespace {

struct Languages {
  std::string folder;

  int run() const;
};

std::string megabytes(std::uintmax_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

std::string milliseconds(std::chrono::microseconds time) {
  return fmt::format("{:.2f} ms", static_cast<double>(time.count()) / 1000);
}

int Languages::run() const {
  // What is compiled here is found by every server of this user.
  const auto engine = sandbox::Engine::create({.cache_folder = shared_cache_folder(), .slots = 4});
  if (!engine) return complain(engine.error());
  const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  Log log(nowhere.get());
  const auto sources = source::Sources::open(**engine, folder.empty() ? default_languages_folder() : folder, log);
  if (!sources) return complain(sources.error());
  if ((*sources)->languages().empty()) {
    return complain(
        {ErrorCode::kUnknownLanguage, "there are no interpreters: build them with scripts/languages_setup.sh"});
  }
  constexpr auto kRow = "{:<10}{:<22}{:>10}{:>11}{:>12}{:>11}{:>11}  {}\n";
  fmt::print(fmt::runtime(kRow), "LANGUAGE", "VERSION", "MODULE", "MEMORY", "DEPLOY", "COLD", "WARM", "");
  int exit_code = 0;
  for (const source::Language& language : (*sources)->languages()) {
    const auto costs = source::measure(**sources, language);
    if (!costs) {
      fmt::print(stderr, "mayfly: {}: {}\n", language.name, costs.error().message);
      exit_code = 1;
      continue;
    }
    std::error_code unknown;
    const std::string& file = !language.module.empty() ? language.module : language.translator;
    const auto size = std::filesystem::file_size(file, unknown);
    fmt::print(fmt::runtime(kRow), language.name, language.version, megabytes(size), megabytes(costs->memory),
               milliseconds(costs->deploy), milliseconds(costs->cold), milliseconds(costs->warm),
               fmt::format("{}, {}", language.title, language.licence));
    std::fflush(stdout);
  }
  return exit_code;
}

}  // namespace

void add_languages(CLI::App& app, int& exit_code) {
  auto languages = std::make_shared<Languages>();
  CLI::App* command =
      app.add_subcommand("languages", "List what functions may be written in, with what that costs on this machine");
  command->add_option("--languages", languages->folder,
                      "Folder with the interpreters [../languages, from the program's folder]");
  command->footer(
      "Interpreters that are not compiled yet are compiled, once for all servers of this user. MEMORY is of a sandbox "
      "that has answered; DEPLOY is until a new function is live, COLD its first answer after a restart, WARM one in a "
      "fresh sandbox: of the sample function in the interpreter's folder, called without HTTP.");
  command->callback([languages, &exit_code] { exit_code = languages->run(); });
}

}  // namespace mayfly::cli
