// Go.

#include "cli/toolchain/toolchain.h"

#include <algorithm>

namespace mayfly::cli {
namespace {

// Functions that are exported need a library: a command is done when its main is.
bool exports_functions(const std::string& source) {
  constexpr std::string_view kExport = "//go:wasmexport ";
  return source.starts_with(kExport) || source.find(std::string("\n").append(kExport)) != std::string::npos;
}

}  // namespace

Result<Plan> plan_go(const Project& project, const Order& order, const Machine& machine) {
  const auto go = find_tool(machine, {"go"},
                            "install Go 1.21 or newer (1.24 for `//go:wasmexport`), from go.dev or a package of the "
                            "system (Debian 13: `apt-get install golang-go`)");
  if (!go) return fail(go.error());
  Plan plan;
  plan.out = out_of(project, order, project.name());
  bool is_library = false;
  for (const std::string& name : project.sources({".go"})) {
    if (name.ends_with("_test.go")) continue;
    const auto source = machine.read(project.folder / name);
    if (!source) return fail(source.error());
    is_library = is_library || exports_functions(*source);
  }
  plan.command.environment = {{"GOOS", "wasip1"}, {"GOARCH", "wasm"}};
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"};
  if (is_library) {
    arguments.emplace_back("-buildmode=c-shared");
    plan.said.emplace_back("it has `//go:wasmexport`: a library, whose functions are called");
  }
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.push_back(project.file.empty() ? "." : project.file);
  return plan;
}

}  // namespace mayfly::cli
