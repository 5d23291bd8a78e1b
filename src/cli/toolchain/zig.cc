// Zig.

#include "cli/toolchain/entry.h"
#include "cli/toolchain/toolchain.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::cli {

Result<Plan> plan_zig(const Project& project, const Order& order, const Machine& machine) {
  const auto zig =
      find_tool(machine, {"zig", "python-zig"}, "install Zig from ziglang.org, or with `pip install ziglang`");
  if (!zig) return fail(zig.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  std::vector<std::string>& arguments = plan.command.arguments;
  if (project.file.empty() && project.has("build.zig")) {
    plan.made = order.scratch / "zig";
    arguments = {*zig, "build", "-Dtarget=wasm32-wasi", "--release=small", "--prefix", plan.made.string()};
    arguments.insert(arguments.end(), order.more.begin(), order.more.end());
    return plan;
  }
  auto sources = project.sources({".zig"});
  if (std::ranges::find(sources, "main.zig") != sources.end()) sources = {"main.zig"};
  if (sources.size() != 1) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{} has {}: name the one to begin with, `mayfly build FILE.zig`", project.text(),
                            sources.empty() ? "neither build.zig nor a .zig file" : "several .zig files"));
  }
  const auto is_program = has_main(project, sources, machine);
  if (!is_program) return fail(is_program.error());
  arguments = {*zig, "build-exe", sources.front(), "-target", "wasm32-wasi", "-O", "ReleaseSmall"};
  if (!*is_program) {
    arguments.insert(arguments.end(), {"-fno-entry", "-rdynamic", "-mexec-model=reactor"});
    plan.said.emplace_back("it has no `main`: a library, whose exported functions are called");
  }
  arguments.push_back(fmt::format("-femit-bin={}", plan.out.string()));
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  return plan;
}

}  // namespace mayfly::cli
