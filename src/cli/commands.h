#pragma once

#include <CLI/App.hpp>

namespace mayfly::cli {

// Each adds one verb, in a file of its name. When the verb is given, parsing runs it and sets `exit_code`.
void add_up(CLI::App& app, int& exit_code);
void add_build(CLI::App& app, int& exit_code);
void add_deploy(CLI::App& app, int& exit_code);
void add_languages(CLI::App& app, int& exit_code);
void add_inspect(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_show(CLI::App& app, int& exit_code);
void add_remove(CLI::App& app, int& exit_code);
void add_rollback(CLI::App& app, int& exit_code);

}  // namespace mayfly::cli
