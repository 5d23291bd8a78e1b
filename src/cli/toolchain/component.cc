// Components in Python and in JavaScript: their tools take a source and a WIT world.

#include "cli/toolchain/toolchain.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// The world of functions of the kind `exec`, for a project without WIT of its own.
constexpr std::string_view kExecWorld = R"(package mayfly:build;

world exec {
  export exec: func(input: string) -> string;
}
)";

// The path of the WIT to build with. `plan` writes it where there is none.
std::string use_wit(const Project& project, const Order& order, Plan& plan) {
  if (!order.wit.empty()) return order.wit;
  if (const std::string own = wit_of(project); !own.empty()) return own;
  plan.file.emplace(order.scratch / "exec.wit", kExecWorld);
  plan.said.emplace_back(
      "there is no WIT: the world is `export exec: func(input: string) -> string` (a folder wit, or --wit, has "
      "another)");
  return plan.file->first.string();
}

// The source that a component begins with.
Result<std::string> find_source(const Project& project, std::initializer_list<std::string_view> endings,
                                std::string_view tool) {
  const auto sources = project.sources(endings);
  if (sources.size() == 1) return sources.front();
  for (const std::string_view usual : {"app", "main", "index"}) {
    for (const std::string_view ending : endings) {
      const std::string name = fmt::format("{}{}", usual, ending);
      if (std::ranges::find(sources, name) != sources.end()) return name;
    }
  }
  return fail(ErrorCode::kBadConfig, fmt::format("{} has {} that {} could begin with: name it, `mayfly build FILE`",
                                                 project.text(), sources.empty() ? "no file" : "several files", tool));
}

}  // namespace

Result<Plan> plan_componentize_py(const Project& project, const Order& order, const Machine& machine) {
  const auto tool = find_tool(machine, {"componentize-py"}, "`pip install componentize-py`");
  if (!tool) return fail(tool.error());
  const auto source = find_source(project, {".py"}, "componentize-py");
  if (!source) return fail(source.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*tool, "--wit-path", use_wit(project, order, plan)};
  if (!order.world.empty()) arguments.insert(arguments.end(), {"--world", order.world});
  arguments.insert(arguments.end(), {"componentize", fs::path(*source).stem().string()});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

Result<Plan> plan_jco(const Project& project, const Order& order, const Machine& machine) {
  const fs::path own = project.folder / "node_modules/.bin/jco";
  const auto tool = machine.exists(own)
                        ? Result<std::string>(own.string())
                        : find_tool(machine, {"jco"},
                                    "in the project's folder, `npm install --save-dev @bytecodealliance/jco "
                                    "@bytecodealliance/componentize-js`");
  if (!tool) return fail(tool.error());
  const auto source = find_source(project, {".js", ".mjs"}, "jco");
  if (!source) return fail(source.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*tool, "componentize", *source, "--wit", use_wit(project, order, plan)};
  if (!order.world.empty()) arguments.insert(arguments.end(), {"--world-name", order.world});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

}  // namespace mayfly::cli
