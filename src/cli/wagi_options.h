#pragma once

#include "compat/wagi/start.h"

#include <CLI/CLI.hpp>

namespace mayfly::cli {

// The options of `mayfly up` that WAGI has, too, under its names where they are free.
void add_wagi_options(CLI::App& command, compat::wagi::Options& options);

}  // namespace mayfly::cli
