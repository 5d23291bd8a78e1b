// Rust: what `cargo metadata` says of a package decides what is built, and for which target.

#include "cli/toolchain/toolchain.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kModules = "wasm32-wasip1";
constexpr std::string_view kComponents = "wasm32-wasip2";
constexpr std::string_view kDebianLibc = "/usr/lib/wasm32-wasi";  // Debian's wasi-libc
constexpr std::string_view kDebian =
    "on Debian 12 `apt-get install rustc-web cargo-web rust-web-src wasi-libc lld-22`, on a later one "
    "`apt-get install cargo libstd-rust-dev-wasm32`";

// Of a package: a program, or a library that is a module.
struct Module {
  std::string package;
  std::string name;
  bool is_program = false;
  bool is_component = false;  // by what the package depends on
};

struct Metadata {
  std::vector<Module> modules;
  std::string target_folder;
};

bool has_text(const json::value& list, std::string_view text) {
  return std::ranges::any_of(list.as_array(), [&](const json::value& entry) { return entry.as_string() == text; });
}

// The crates that components of WASI are written with.
bool makes_component(const json::object& package) {
  constexpr std::array<std::string_view, 4> kCrates = {"wit-bindgen", "wasip2", "wasip3", "wstd"};
  return std::ranges::any_of(package.at("dependencies").as_array(), [&](const json::value& dependency) {
    return std::ranges::find(kCrates, std::string_view(dependency.at("name").as_string())) != kCrates.end();
  });
}

void add_modules(const json::object& package, std::vector<Module>& modules) {
  for (const json::value& target : package.at("targets").as_array()) {
    const bool is_program = has_text(target.at("kind"), "bin");
    if (!is_program && !has_text(target.at("kind"), "cdylib")) continue;
    std::string name(target.at("name").as_string());
    if (!is_program) std::ranges::replace(name, '-', '_');  // as cargo names the file
    modules.push_back({std::string(package.at("name").as_string()), name, is_program, makes_component(package)});
  }
}

// The packages of a folder are its own, or those of its workspace.
Result<Metadata> read_metadata(const std::string& text, const fs::path& folder) try {
  const json::value document = json::parse(text);
  Metadata metadata{{}, std::string(document.at("target_directory").as_string())};
  const auto is_here = [&](const json::value& package) {
    return fs::path(std::string(package.at("manifest_path").as_string())).parent_path() == folder;
  };
  const json::array& packages = document.at("packages").as_array();
  const bool has_own = std::ranges::any_of(packages, is_here);
  for (const json::value& package : packages) {
    if (!has_own || is_here(package)) add_modules(package.as_object(), metadata.modules);
  }
  return metadata;
} catch (const std::exception& error) {
  return fail(ErrorCode::kBadConfig, fmt::format("`cargo metadata` answers what is not expected: {}", error.what()));
}

// That which `--bin NAME` or `--lib` among the tool's arguments means, which are taken out, or the only one.
Result<Module> choose_module(const Metadata& metadata, std::vector<std::string>& more, const Project& project) {
  std::vector<Module> left = metadata.modules;
  if (const auto bin = std::ranges::find(more, "--bin"); bin != more.end() && bin + 1 != more.end()) {
    std::erase_if(left, [&](const Module& module) { return !module.is_program || module.name != *(bin + 1); });
    more.erase(bin, bin + 2);
  } else if (const auto lib = std::ranges::find(more, "--lib"); lib != more.end()) {
    std::erase_if(left, [](const Module& module) { return module.is_program; });
    more.erase(lib);
  }
  if (left.size() == 1) return left.front();
  if (metadata.modules.empty()) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{} makes no module: it needs a src/main.rs, or in Cargo.toml `[lib]` with "
                            "`crate-type = [\"cdylib\"]`",
                            project.text()));
  }
  std::string names;
  for (const Module& module : metadata.modules) {
    names += fmt::format("\n  mayfly build {} -- {}{}   of {}", project.text(), module.is_program ? "--bin " : "--lib",
                         module.is_program ? module.name : "", module.package);
  }
  return fail(ErrorCode::kBadConfig, fmt::format("{} makes {}; choose one:{}", project.text(),
                                                 left.empty() ? "no such module" : "several modules", names));
}

// The standard library is built with the module, from Rust's source: Debian's Rust has none for WebAssembly.
Command with_own_library(const std::string& cargo, const std::string& linker) {
  const std::string flags =
      fmt::format("target.{}.rustflags=[\"-Clinker={}\", \"-Clink-self-contained=no\", \"-Clink-arg=-L{}\"]", kModules,
                  linker, kDebianLibc);
  return {{cargo, "rustc", "--release", "--target", std::string(kModules), "--config", flags,
           "-Zbuild-std=std,panic_abort"},
          {{"RUSTC_BOOTSTRAP", "1"}}};
}

Error no_library(const Machine& machine, std::string_view target) {
  const bool has_rustup = !machine.find_program("rustup").empty();
  std::string advice = fmt::format("`rustup target add {}`", target);
  if (!has_rustup && target == kModules) advice += fmt::format("; or {}", kDebian);
  else if (!has_rustup) advice = fmt::format("install Rust with rustup, then {}", advice);
  return {ErrorCode::kBadConfig, fmt::format("Rust's standard library for {} is missing: {}", target, advice)};
}

}  // namespace

Result<Plan> plan_cargo(const Project& project, const Order& order, const Machine& machine) {
  const std::string install = fmt::format("install Rust with rustup, then `rustup target add {}`; or {}",
                                          order.target.empty() ? kModules : order.target, kDebian);
  const auto cargo = find_tool(machine, {"cargo"}, install);
  if (!cargo) return fail(cargo.error());
  const std::string chosen = machine.variable("RUSTC");
  const auto rustc = chosen.empty() ? find_tool(machine, {"rustc"}, install) : Result<std::string>(chosen);
  if (!rustc) return fail(rustc.error());

  const auto text = machine.ask({{*cargo, "metadata", "--no-deps", "--format-version", "1"}, {}}, project.folder);
  if (!text) return fail(text.error());
  const auto metadata = read_metadata(*text, project.folder);
  if (!metadata) return fail(metadata.error());
  std::vector<std::string> more = order.more;
  const auto module = choose_module(*metadata, more, project);
  if (!module) return fail(module.error());

  const std::string target =
      !order.target.empty() ? order.target : std::string(module->is_component ? kComponents : kModules);
  const auto folder = machine.ask({{*rustc, "--print", "target-libdir", "--target", target}, {}}, project.folder);
  if (!folder) return fail(no_library(machine, target));
  const fs::path library = folder->substr(0, folder->find('\n'));

  Plan plan;
  if (module->is_component && order.target.empty()) {
    plan.said.push_back(fmt::format("its dependencies are those of a component: target {}", kComponents));
  }
  bool builds_library = false;
  if (machine.exists(library)) {
    plan.command.arguments = {*cargo, "build", "--release", "--target", target};
  } else {
    const auto linker = find_tool(machine, {"wasm-ld", "wasm-ld-22", "wasm-ld-19"}, "");
    const bool has_source = machine.exists(library.parent_path().parent_path() / "src/rust/library/Cargo.toml");
    builds_library = target == kModules && has_source && linker && machine.exists(fs::path(kDebianLibc) / "libc.a");
    if (!builds_library) return fail(no_library(machine, target));
    plan.command = with_own_library(*cargo, *linker);
    plan.said.push_back(
        fmt::format("Rust's standard library for {} is not there: it is built from its source, once", target));
  }
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments.insert(arguments.end(), {"--package", module->package});
  if (module->is_program) arguments.insert(arguments.end(), {"--bin", module->name});
  else arguments.emplace_back("--lib");
  arguments.insert(arguments.end(), more.begin(), more.end());
  if (builds_library) {
    arguments.insert(arguments.end(), {"--", fmt::format("-Clink-arg={}/{}", kDebianLibc,
                                                         module->is_program ? "crt1-command.o" : "crt1-reactor.o")});
  }
  plan.made = fs::path(metadata->target_folder) / target / "release" / fmt::format("{}.wasm", module->name);
  plan.out = out_of(project, order, module->name);
  return plan;
}

}  // namespace mayfly::cli
