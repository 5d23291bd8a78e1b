// AssemblyScript.

#include "cli/toolchain/toolchain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::cli {
namespace {

constexpr std::string_view kShim = "node_modules/@assemblyscript/wasi-shim/asconfig.json";

// Where `asinit` and others put what a module begins with; "" when that cannot be told.
std::string find_entry(const Project& project, const Machine& machine) {
  if (!project.file.empty()) return project.file;
  for (const std::string_view usual : {"assembly/index.ts", "index.ts", "main.ts", "src/index.ts", "src/main.ts"}) {
    if (machine.exists(project.folder / usual)) return std::string(usual);
  }
  const auto sources = project.sources({".ts"});
  return sources.size() == 1 ? sources.front() : "";
}

// A module that exports what mayfly calls is initialised before; any other is a program.
std::string_view start_of(const std::string& source) {
  constexpr std::array kEntries = {"export function run(", "export function handle(", "export function handler("};
  const bool has_entry =
      std::ranges::any_of(kEntries, [&](const char* entry) { return source.find(entry) != std::string::npos; });
  return has_entry ? "_initialize" : "_start";
}

}  // namespace

Result<Plan> plan_assemblyscript(const Project& project, const Order& order, const Machine& machine) {
  const auto asc = find_npm_tool(project, machine, "asc", "assemblyscript @assemblyscript/wasi-shim");
  if (!asc) return fail(asc.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  const std::string entry = find_entry(project, machine);
  const bool is_configured = project.has("asconfig.json");
  if (entry.empty() && !is_configured) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{} has no assembly/index.ts, index.ts or main.ts: name the file to begin with, "
                            "`mayfly build FILE.ts`",
                            project.text()));
  }
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*asc};
  if (!entry.empty()) arguments.push_back(entry);
  if (is_configured) {
    arguments.insert(arguments.end(), {"--target", "release"});
  } else {
    const auto source = machine.read(project.folder / entry);
    if (!source) return fail(source.error());
    if (machine.exists(project.folder / kShim)) {
      arguments.insert(arguments.end(), {"--config", std::string("./").append(kShim)});
    }
    arguments.insert(arguments.end(), {"-O", "--exportStart", std::string(start_of(*source))});
  }
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

}  // namespace mayfly::cli
