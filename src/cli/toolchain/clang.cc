// C and C++, with a wasi-sdk or with Debian's clang and wasi-libc.

#include "cli/toolchain/entry.h"
#include "cli/toolchain/toolchain.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kNewest = 40;  // versions of clang that packages of Debian have in their names
constexpr int kOldest = 14;

struct Sysroot {
  fs::path folder;
  std::string target;
};

std::string install(std::string_view version, bool is_cpp) {
  return fmt::format(
      "`apt-get install clang-{0} lld-{0} wasi-libc libclang-rt-{0}-dev-wasm32{1}` of Debian, or a wasi-sdk, whose "
      "folder the variable WASI_SDK_PATH names",
      version, is_cpp ? fmt::format(" libc++-{0}-dev-wasm32 libc++abi-{0}-dev-wasm32", version) : "");
}

// Where the C library is. The target has one of two names, and libraries are found under theirs only.
Result<Sysroot> find_sysroot(const Machine& machine, bool is_cpp) {
  std::vector<fs::path> folders;
  if (const std::string given = machine.variable("WASI_SYSROOT"); !given.empty()) folders.emplace_back(given);
  if (const std::string sdk = machine.variable("WASI_SDK_PATH"); !sdk.empty()) {
    folders.push_back(fs::path(sdk) / "share/wasi-sysroot");
  }
  const bool is_given = !folders.empty();
  if (!is_given) folders = {"/usr", "/opt/wasi-sdk/share/wasi-sysroot"};
  for (const fs::path& folder : folders) {
    for (const std::string_view target : {"wasm32-wasip1", "wasm32-wasi"}) {
      if (machine.exists(folder / "lib" / target / "libc.a")) return Sysroot{folder, std::string(target)};
    }
  }
  if (is_given) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("{} has no lib/wasm32-wasip1/libc.a: set WASI_SYSROOT to the folder of a wasi-libc, or "
                            "WASI_SDK_PATH to that of a wasi-sdk",
                            folders.front().string()));
  }
  return fail(ErrorCode::kBadConfig, fmt::format("there is no wasi-libc: {}", install("22", is_cpp)));
}

// Compilers in the order in which they are tried.
std::vector<std::string> compilers(const Machine& machine) {
  std::vector<std::string> found;
  const auto add = [&](std::string path) {
    if (!path.empty()) found.push_back(std::move(path));
  };
  const std::string sdk = machine.variable("WASI_SDK_PATH");
  for (const std::string& folder : {sdk, std::string("/opt/wasi-sdk")}) {
    const fs::path clang = fs::path(folder) / "bin/clang";
    if (!folder.empty() && machine.exists(clang)) add(clang.string());
  }
  add(machine.find_program("clang"));
  for (int version = kNewest; version >= kOldest; --version)
    add(machine.find_program(fmt::format("clang-{}", version)));
  return found;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Whether a compiler comes with a linker and the builtins for WebAssembly.
bool is_complete(const Machine& machine, const std::string& clang, const fs::path& folder, const Sysroot& sysroot) {
  const auto builtins = machine.ask(
      {{clang, "--target=" + sysroot.target, "-Wno-deprecated", "--rtlib=compiler-rt", "-print-libgcc-file-name"}, {}},
      folder);
  if (!builtins || !machine.exists(first_line(*builtins))) return false;
  const auto linker = machine.ask({{clang, "-print-prog-name=wasm-ld"}, {}}, folder);
  return linker && (machine.exists(first_line(*linker)) || !machine.find_program(first_line(*linker)).empty());
}

// `22` of `clang-22`; that of Debian's packages where the name has none.
std::string version_of(const std::string& clang) {
  const std::string name = fs::path(clang).filename().string();
  return name.starts_with("clang-") ? name.substr(6) : "22";
}

Result<std::string> find_compiler(const Machine& machine, const fs::path& folder, const Sysroot& sysroot, bool is_cpp) {
  const auto all = compilers(machine);
  if (all.empty()) {
    return fail(ErrorCode::kBadConfig, fmt::format("`clang` is not on PATH: {}", install("22", is_cpp)));
  }
  for (const std::string& clang : all) {
    if (is_complete(machine, clang, folder, sysroot)) return clang;
  }
  return fail(ErrorCode::kBadConfig, fmt::format("{} lacks the linker wasm-ld or the builtins of WebAssembly: {}",
                                                 all.front(), install(version_of(all.front()), is_cpp)));
}

}  // namespace

Result<Plan> plan_clang(const Project& project, const Order& order, const Machine& machine) {
  const auto sources = project.sources({".c", ".cc", ".cpp", ".cxx"});
  if (sources.empty()) {
    return fail(ErrorCode::kBadConfig, fmt::format("{} has no .c, .cc, .cpp or .cxx file", project.text()));
  }
  const bool is_cpp = std::ranges::any_of(sources, [](const std::string& name) { return !name.ends_with(".c"); });
  if (compilers(machine).empty()) {  // which is said first: the rest comes with it
    return fail(ErrorCode::kBadConfig, fmt::format("`clang` is not on PATH: {}", install("22", is_cpp)));
  }
  const auto sysroot = find_sysroot(machine, is_cpp);
  if (!sysroot) return fail(sysroot.error());
  const auto clang = find_compiler(machine, project.folder, *sysroot, is_cpp);
  if (!clang) return fail(clang.error());
  if (is_cpp && !machine.exists(sysroot->folder / "lib" / sysroot->target / "libc++.a")) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("there is no C++ library for {}: {}", sysroot->target, install(version_of(*clang), true)));
  }
  const auto is_program = has_main(project, sources, machine);
  if (!is_program) return fail(is_program.error());

  Plan plan;
  plan.out = out_of(project, order, project.name());
  std::vector<std::string>& arguments = plan.command.arguments;
  arguments = {*clang,
               "--target=" + sysroot->target,
               "--sysroot=" + sysroot->folder.string(),
               "-Wno-deprecated",
               "-O2",
               "-Wl,--strip-debug"};
  if (is_cpp) arguments.emplace_back("-fno-exceptions");
  if (!*is_program) {
    arguments.emplace_back("-mexec-model=reactor");
    plan.said.emplace_back("it has no `main`: a library, whose exported functions are called");
  }
  arguments.insert(arguments.end(), sources.begin(), sources.end());
  if (is_cpp) arguments.insert(arguments.end(), {"-lc++", "-lc++abi"});
  arguments.insert(arguments.end(), order.more.begin(), order.more.end());
  arguments.insert(arguments.end(), {"-o", plan.out.string()});
  return plan;
}

}  // namespace mayfly::cli
