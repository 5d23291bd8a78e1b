// `mayfly build`: makes a module of a project with the tool chain that its author has. Nothing else of mayfly starts
// processes.

#include "base/file.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/toolchain/toolchain.h"
#include "deploy/function_file.h"
#include "deploy/inspect.h"
#include "registry/registry.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

// A folder for what a build needs for as long as it runs.
class Scratch {
 public:
  static Result<Scratch> create() {
    std::error_code unknown;
    std::string path = (fs::temp_directory_path(unknown) / "mayfly-build-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return fail(ErrorCode::kBadConfig, fmt::format("cannot make {}", path));
    return Scratch(std::move(path));
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}

  fs::path path_;
};

struct Build {
  std::string path = ".";
  std::string with;
  std::string out;
  Order order;
  bool is_described = false;  // the folder has a function.toml that names the module

  int run();
  Status read_function_file(const Project& project);
  Status check_options(const Toolchain& toolchain) const;
  Result<int> make(const Plan& plan, const Project& project, const Toolchain& toolchain) const;
  int show(const Plan& plan, const Project& project) const;
};

fs::path absolute(const std::string& path) {
  std::error_code unknown;
  const fs::path normal = fs::absolute(path, unknown).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

// As a person in this folder would write it.
std::string near(const fs::path& path) {
  std::error_code unknown;
  const std::string relative = fs::proximate(path, unknown).string();
  return unknown || relative.starts_with("../..") ? path.string() : relative;
}

// What a function.toml of the folder says, where the command line says nothing.
Status Build::read_function_file(const Project& project) {
  if (!project.file.empty() || !project.has("function.toml")) return {};
  const fs::path file = project.folder / "function.toml";
  const auto described = read_file(file).and_then(
      [&](const std::string& text) { return deploy::parse_function_file(text, file.string()); });
  if (!described) return fail(described.error());
  if (with.empty()) with = described->build;
  if (!out.empty() || !described->module.ends_with(".wasm")) return {};
  order.out = (project.folder / described->module).lexically_normal();
  is_described = true;
  return {};
}

Status Build::check_options(const Toolchain& toolchain) const {
  const bool takes_wit = toolchain.plan == plan_componentize_py || toolchain.plan == plan_jco;
  if (!order.target.empty() && toolchain.plan != plan_cargo) {
    return fail(ErrorCode::kBadConfig, fmt::format("--target is for cargo; {} has one target", toolchain.name));
  }
  if ((!order.wit.empty() || !order.world.empty()) && !takes_wit) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("--wit and --world are for componentize-py and jco, not for {}", toolchain.name));
  }
  return {};
}

// The only .wasm that a build has left below a folder.
Result<fs::path> only_module(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".wasm") found.push_back(entry->path());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) return fail(ErrorCode::kBadConfig, "the build has installed no .wasm");
  std::string names;
  for (const fs::path& module : found) names += fmt::format(" {}", module.filename().string());
  return fail(ErrorCode::kBadConfig, fmt::format("the build has installed several modules:{}", names));
}

// Runs the tool and puts the module in its place; the status that the tool ended with.
Result<int> Build::make(const Plan& plan, const Project& project, const Toolchain& toolchain) const {
  std::error_code error;
  fs::create_directories(plan.out.parent_path(), error);
  if (plan.file) std::ofstream(plan.file->first, std::ios::binary) << plan.file->second;
  for (const std::string& line : plan.said) fmt::print("{}: {}\n", toolchain.name, line);
  fmt::print("{}\n", to_text(plan.command));
  std::fflush(stdout);
  const auto status = run_command(plan.command, project.folder);
  if (!status || *status != 0) return status;

  fs::path made = plan.made.empty() ? plan.out : plan.made;
  if (fs::is_directory(made, error)) {
    const auto module = only_module(made);
    if (!module) return fail(module.error());
    made = *module;
  }
  if (!fs::is_regular_file(made, error)) {
    return fail(ErrorCode::kBadConfig, fmt::format("{} has succeeded, but left no {}", toolchain.name, made.string()));
  }
  if (made == plan.out) return 0;
  fs::copy_file(made, plan.out, fs::copy_options::overwrite_existing, error);
  if (error) {
    return fail(ErrorCode::kBadConfig, fmt::format("cannot write {}: {}", plan.out.string(), error.message()));
  }
  return 0;
}

// What has been made, and what to do with it.
int Build::show(const Plan& plan, const Project& project) const {
  const auto inspected = read_file(plan.out).and_then(deploy::inspect);
  if (!inspected) return complain(inspected.error());
  const sandbox::Inspection& module = inspected->module;
  fmt::print("\n{}: {} bytes, {}\n", near(plan.out), inspected->size,
             module.entry ? fmt::format("kind {}", name_of(module.entry->kind)) : "of no kind");
  std::fflush(stdout);
  if (module.why_not) return complain({module.why_not->code, "cannot be deployed: " + module.why_not->message});
  Command next{{"mayfly", "deploy", near(is_described ? project.folder : plan.out)}, {}};
  if (!is_described && !registry::check_name(plan.out.stem().string())) {
    next.arguments.insert(next.arguments.end(), {"--name", "NAME"});
  }
  fmt::print("next: {}\n", to_text(next));
  return 0;
}

int Build::run() {
  if (path.starts_with('-')) {  // all of the arguments are the tool's
    order.more.insert(order.more.begin(), path);
    path = ".";
  }
  const LocalMachine machine;
  std::error_code unknown;
  const auto project = read_project(fs::weakly_canonical(absolute(path), unknown), machine);
  if (!project) return complain(project.error());
  if (!out.empty()) order.out = absolute(out);
  if (!order.wit.empty()) order.wit = absolute(order.wit).string();
  if (const auto read = read_function_file(*project); !read) return complain(read.error());
  const auto toolchain = choose(*project, with);
  if (!toolchain) return complain(toolchain.error());
  if (const auto checked = check_options(**toolchain); !checked) return complain(checked.error());

  const auto scratch = Scratch::create();
  if (!scratch) return complain(scratch.error());
  order.scratch = scratch->path();
  const auto plan = (*toolchain)->plan(*project, order, machine);
  if (!plan) return complain(plan.error());
  const auto status = make(*plan, *project, **toolchain);
  if (!status) return complain(status.error());
  if (*status == 0) return show(*plan, *project);
  fmt::print(stderr, "mayfly: {} failed with status {}\n", (*toolchain)->name, *status);
  return *status;
}

std::string names_of_tools() {
  std::string names;
  for (const Toolchain& toolchain : toolchains())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", toolchain.name);
  return names;
}

}  // namespace

void add_build(CLI::App& app, int& exit_code) {
  auto build = std::make_shared<Build>();
  CLI::App* command = app.add_subcommand("build", "Make a module of a project, with the tool chain that is installed");
  command->add_option("project", build->path, "Folder of the project, or one source file")->capture_default_str();
  command->add_option("arguments", build->order.more, "For the tool, behind `--`");
  command->add_option("-o,--out", build->out, "File of the module [NAME.wasm in the project's folder]");
  command->add_option("--with", build->with, fmt::format("Tool chain, where several fit: {}", names_of_tools()));
  command->add_option("--target", build->order.target, "Target of Rust [wasm32-wasip1, of components wasm32-wasip2]");
  command->add_option("--wit", build->order.wit, "WIT of a component in Python or JavaScript [the project's]");
  command->add_option("--world", build->order.world,
                      "World of that WIT, where it has several; without WIT exec or http");
  command->footer(
      "The tool chain is found by what is in the folder, and called with the options that make a module of it; what it "
      "prints and its exit code are passed on. Nothing is installed: what is missing is named. docs/build.md says "
      "more.");
  command->callback([build, &exit_code] { exit_code = build->run(); });
}

}  // namespace mayfly::cli
