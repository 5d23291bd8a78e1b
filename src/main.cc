#include "cli/commands.h"

#include <CLI/CLI.hpp>

// Read by jemalloc: a thread of its own gives back what a burst of requests needed, within a second.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
  CLI::App app("mayfly: serverless functions on WebAssembly. Upload a module and it is live at its URL.", "mayfly");
  app.set_version_flag("--version", MAYFLY_VERSION);
  app.require_subcommand(1);
  app.footer("Start with `mayfly up`, then `mayfly deploy hello.wasm`. `mayfly COMMAND --help` says more.");

  int exit_code = 0;
  mayfly::cli::add_up(app, exit_code);
  mayfly::cli::add_build(app, exit_code);
  mayfly::cli::add_deploy(app, exit_code);
  mayfly::cli::add_inspect(app, exit_code);
  mayfly::cli::add_languages(app, exit_code);
  mayfly::cli::add_list(app, exit_code);
  mayfly::cli::add_show(app, exit_code);
  mayfly::cli::add_remove(app, exit_code);
  mayfly::cli::add_rollback(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
