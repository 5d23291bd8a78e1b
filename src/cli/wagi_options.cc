#include "cli/wagi_options.h"

namespace mayfly::cli {

void add_wagi_options(CLI::App& command, compat::wagi::Options& options) {
  auto* modules =
      command.add_option("--wagi", options.modules_toml, "Also serve the WAGI application of this modules.toml");
  auto* bindle =
      command.add_option("-b,--bindle", options.bindle, "Also serve the WAGI application of a bindle, NAME/VERSION");
  auto* folder = command.add_option("--bindle-path", options.bindle_folder, "Folder that the bindle is in");
  command.add_option("-e,--env", options.variables, "Variables NAME=value of all modules of the WAGI application");
  command.add_option("--env-file", options.variable_files, "Files of such variables, a line each; --env wins");
  modules->excludes(bindle);
  bindle->needs(folder);
  folder->needs(bindle);
}

}  // namespace mayfly::cli
