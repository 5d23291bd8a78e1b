// Components in Python and in JavaScript: their tools take a source and a WIT world.

#include "cli/toolchain/toolchain.h"
#include "cli/toolchain/worlds.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// What a component is made for; both as the tools take them.
struct World {
  std::string wit;   // path
  std::string name;  // "" for the only one
};

// `plan` writes the WIT where the project has none.
Result<World> use_world(const Project& project, const Order& order, Plan& plan) {
  if (!order.wit.empty()) return World{order.wit, order.world};
  if (const std::string own = wit_of(project); !own.empty()) return World{own, order.world};
  const std::string name = order.world.empty() ? "exec" : order.world;
  if (name != "exec" && name != "http") {
    return fail(ErrorCode::kBadConfig,
                fmt::format("there is no WIT for the world `{}`: put it into a folder wit, or name it with --wit; "
                            "without WIT there are the worlds exec and http",
                            name));
  }
  plan.file.emplace(order.scratch / "worlds.wit", default_worlds());
  plan.said.push_back(
      fmt::format("there is no WIT: the world is `{}`, {}", name,
                  name == "exec" ? "`export exec: func(input: string) -> string` (--world http: a handler of wasi:http)"
                                 : "a handler of wasi:http 0.2"));
  return World{plan.file->first.string(), name};
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
  const auto world = use_world(project, order, plan);
  if (!world) return fail(world.error());
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*tool, "--wit-path", world->wit};
  if (!world->name.empty()) arguments.insert(arguments.end(), {"--world", world->name});
  arguments.insert(arguments.end(), {"componentize", fs::path(*source).stem().string()});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

Result<Plan> plan_jco(const Project& project, const Order& order, const Machine& machine) {
  const auto tool = find_npm_tool(project, machine, "jco", "@bytecodealliance/jco @bytecodealliance/componentize-js");
  if (!tool) return fail(tool.error());
  const auto source = find_source(project, {".js", ".mjs"}, "jco");
  if (!source) return fail(source.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  const auto world = use_world(project, order, plan);
  if (!world) return fail(world.error());
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*tool, "componentize", *source, "--wit", world->wit};
  if (!world->name.empty()) arguments.insert(arguments.end(), {"--world-name", world->name});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

}  // namespace mayfly::cli
