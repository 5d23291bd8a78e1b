#include "cli/toolchain/toolchain.h"

#include "cli/toolchain/fake_machine.h"

#include <gtest/gtest.h>

namespace mayfly::cli {
namespace {

using Files = std::map<std::string, std::string>;

FakeMachine machine_with(const Files& files) {
  FakeMachine machine;
  for (const auto& [name, text] : files) machine.files.emplace("/p/app/" + name, text);
  return machine;
}

// The name of the tool chain that is chosen, or the error.
std::string chosen(const Files& files, const std::string& file = "", std::string_view with = "") {
  const FakeMachine machine = machine_with(files);
  const auto project = read_project(file.empty() ? "/p/app" : "/p/app/" + file, machine);
  if (!project) return project.error().message;
  const auto toolchain = choose(*project, with);
  return toolchain ? std::string((*toolchain)->name) : toolchain.error().message;
}

TEST(Toolchain, IsFoundByWhatIsInTheFolder) {
  const std::string asks_for_asc = R"({"devDependencies": {"assemblyscript": "*"}})";
  for (const auto& [files, tool] : {
           std::pair<Files, std::string>{{{"Cargo.toml", ""}, {"src/main.rs", ""}}, "cargo"},
           {{{"go.mod", ""}, {"main.go", ""}}, "go"},
           {{{"main.go", ""}}, "go"},
           {{{"hello.c", ""}}, "clang"},
           {{{"a.cc", ""}, {"b.cpp", ""}, {"b.h", ""}}, "clang"},
           {{{"build.zig", ""}, {"src/main.zig", ""}}, "zig"},
           {{{"hello.zig", ""}}, "zig"},
           {{{"asconfig.json", ""}}, "asc"},
           {{{"package.json", asks_for_asc}, {"index.ts", ""}}, "asc"},
           {{{"app.py", ""}, {"wit/world.wit", ""}}, "componentize-py"},
           {{{"app.js", ""}, {"world.wit", ""}}, "jco"},
           {{{"app.js", ""}, {"package.json", R"({"dependencies": {"@bytecodealliance/jco": "1"}})"}}, "jco"},
       }) {
    EXPECT_EQ(chosen(files), tool) << files.begin()->first;
  }
}

TEST(Toolchain, AProjectFileCountsMoreThanLooseSources) {
  EXPECT_EQ(chosen({{"Cargo.toml", ""}, {"helper.c", ""}}), "cargo");
  EXPECT_EQ(chosen({{"go.mod", ""}, {"cgo.c", ""}}), "go");
  EXPECT_EQ(chosen({{"build.zig", ""}, {"lib.c", ""}}), "zig");
}

TEST(Toolchain, OneFileIsBuiltByItsEnding) {
  const Files files = {{"Cargo.toml", ""}, {"a.c", ""}, {"b.go", ""}, {"c.zig", ""}};
  EXPECT_EQ(chosen(files, "a.c"), "clang");
  EXPECT_EQ(chosen(files, "b.go"), "go");
  EXPECT_EQ(chosen(files, "c.zig"), "zig");
  EXPECT_EQ(chosen(files, "Cargo.toml"), "cargo");
}

TEST(Toolchain, SeveralThatFitAreNamed) {
  const Files files = {{"Cargo.toml", ""}, {"build.zig", ""}};
  const std::string error = chosen(files);
  EXPECT_TRUE(error.starts_with("several tool chains fit /p/app; `--with` chooses one")) << error;
  EXPECT_NE(error.find("--with cargo "), std::string::npos);
  EXPECT_NE(error.find("--with zig "), std::string::npos);
  EXPECT_EQ(error.find("--with go "), std::string::npos);
  EXPECT_EQ(chosen(files, "", "zig"), "zig");
}

TEST(Toolchain, NoneThatFitsIsAnErrorWithAllThatWasLookedFor) {
  const std::string error = chosen({{"README.md", ""}});
  for (const Toolchain& toolchain : toolchains()) {
    EXPECT_NE(error.find(toolchain.looked_for), std::string::npos) << toolchain.name << error;
  }
  EXPECT_EQ(error.find("needs no building"), std::string::npos);
  EXPECT_EQ(chosen({{"a.c", ""}}, "", "gcc"),
            "there is no tool chain `gcc`; there are cargo, go, clang, zig, asc, componentize-py, jco");
  EXPECT_EQ(chosen({{"a.c", ""}}, "b.c"), "there is no /p/app/b.c");
}

TEST(Toolchain, WhatNeedsNoBuildingIsSaid) {
  EXPECT_NE(chosen({{"hello.py", ""}}).find("\nhello.py needs no building: `mayfly deploy /p/app/hello.py`"),
            std::string::npos);
  EXPECT_NE(chosen({{"a.c", ""}, {"b.wasm", ""}}, "b.wasm").find("`mayfly deploy /p/app/b.wasm`"), std::string::npos);
}

// What is called for a project, or the error; then the lines that are said, and where the module is.
struct Planned {
  std::string command, out, made;
  std::vector<std::string> said;
};

Planned plan(const FakeMachine& machine, Order order = {}, const std::string& file = "", std::string_view with = "") {
  const auto project = read_project(file.empty() ? "/p/app" : "/p/app/" + file, machine);
  if (!project) return {project.error().message, "", "", {}};
  const auto toolchain = choose(*project, with);
  if (!toolchain) return {toolchain.error().message, "", "", {}};
  order.scratch = "/scratch";
  const auto planned = (*toolchain)->plan(*project, order, machine);
  if (!planned) return {planned.error().message, "", "", {}};
  return {to_text(planned->command), planned->out, planned->made, planned->said};
}

// A machine with Rust, where the package has these targets and dependencies.
FakeMachine with_rust(const std::string& targets, const std::string& dependencies = "") {
  FakeMachine machine = machine_with({{"Cargo.toml", ""}});
  machine.programs = {"cargo", "rustc"};
  machine.answers["/bin/cargo metadata --no-deps --format-version 1"] =
      R"({"target_directory": "/t", "packages": [{"name": "app", "manifest_path": "/p/app/Cargo.toml", "targets": [)" +
      targets + R"(], "dependencies": [)" + dependencies + "]}]}";
  for (const std::string target : {"wasm32-wasip1", "wasm32-wasip2"}) {
    machine.answers["/bin/rustc --print target-libdir --target " + target] = "/r/lib/rustlib/" + target + "/lib\n";
  }
  return machine;
}

constexpr auto kProgram = R"({"name": "my-app", "kind": ["bin"]})";
constexpr auto kLibrary = R"({"name": "my-app", "kind": ["cdylib", "rlib"]})";

TEST(Cargo, BuildsAProgramOrALibrary) {
  FakeMachine machine = with_rust(kProgram);
  machine.files["/r/lib/rustlib/wasm32-wasip1/lib/libstd.rlib"];
  Planned planned = plan(machine);
  EXPECT_EQ(planned.command, "/bin/cargo build --release --target wasm32-wasip1 --package app --bin my-app");
  EXPECT_EQ(planned.made, "/t/wasm32-wasip1/release/my-app.wasm");
  EXPECT_EQ(planned.out, "/p/app/my-app.wasm");

  machine = with_rust(kLibrary);
  machine.files["/r/lib/rustlib/wasm32-wasip1/lib/libstd.rlib"];
  planned = plan(machine, {.more = {"--features", "x"}, .out = "/o.wasm"});
  EXPECT_EQ(planned.command, "/bin/cargo build --release --target wasm32-wasip1 --package app --lib --features x");
  EXPECT_EQ(planned.made, "/t/wasm32-wasip1/release/my_app.wasm");
  EXPECT_EQ(planned.out, "/o.wasm");
}

TEST(Cargo, TakesTheTargetOfComponentsForTheirCrates) {
  FakeMachine machine = with_rust(kLibrary, R"({"name": "serde"}, {"name": "wit-bindgen"})");
  machine.files["/r/lib/rustlib/wasm32-wasip1/lib/libstd.rlib"];
  EXPECT_EQ(plan(machine).command,
            "Rust's standard library for wasm32-wasip2 is missing: install Rust with rustup, then `rustup target add "
            "wasm32-wasip2`");
  machine.files["/r/lib/rustlib/wasm32-wasip2/lib/libstd.rlib"];
  const Planned planned = plan(machine);
  EXPECT_EQ(planned.made, "/t/wasm32-wasip2/release/my_app.wasm");
  EXPECT_EQ(planned.said,
            (std::vector<std::string>{"its dependencies are those of a component: target wasm32-wasip2"}));
  EXPECT_EQ(plan(machine, {.target = "wasm32-wasip1"}).made, "/t/wasm32-wasip1/release/my_app.wasm");
}

TEST(Cargo, SaysHowToGetTheStandardLibrary) {
  FakeMachine machine = with_rust(kProgram);
  const std::string error = plan(machine).command;
  EXPECT_TRUE(
      error.starts_with("Rust's standard library for wasm32-wasip1 is missing: `rustup target add "
                        "wasm32-wasip1`; or on Debian 12 `apt-get install rustc-web "))
      << error;
  machine.programs.insert("rustup");
  EXPECT_EQ(plan(machine).command,
            "Rust's standard library for wasm32-wasip1 is missing: `rustup target add wasm32-wasip1`");
}

TEST(Cargo, BuildsTheStandardLibraryWhereItsSourceIs) {
  FakeMachine machine = with_rust(std::string(kProgram) + "," + kLibrary);
  machine.programs.insert("wasm-ld-22");
  machine.files["/r/lib/rustlib/src/rust/library/Cargo.toml"];
  machine.files["/usr/lib/wasm32-wasi/libc.a"];
  const std::string start =
      "RUSTC_BOOTSTRAP=1 /bin/cargo rustc --release --target wasm32-wasip1 --config "
      "'target.wasm32-wasip1.rustflags=[\"-Clinker=/bin/wasm-ld-22\", \"-Clink-self-contained=no\", "
      "\"-Clink-arg=-L/usr/lib/wasm32-wasi\"]' -Zbuild-std=std,panic_abort --package app ";
  EXPECT_EQ(plan(machine, {.more = {"--bin", "my-app"}}).command,
            start + "--bin my-app -- -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o");
  EXPECT_EQ(plan(machine, {.more = {"--lib"}}).command,
            start + "--lib -- -Clink-arg=/usr/lib/wasm32-wasi/crt1-reactor.o");
}

TEST(Cargo, AsksWhichOfSeveralModules) {
  const FakeMachine machine = with_rust(std::string(kProgram) + "," + kLibrary);
  EXPECT_EQ(plan(machine).command,
            "/p/app makes several modules; choose one:\n  mayfly build /p/app -- --bin my-app   of app\n  mayfly build "
            "/p/app -- --lib   of app");
  EXPECT_TRUE(plan(machine, {.more = {"--bin", "x"}}).command.starts_with("/p/app makes no such module; choose one:"));
  EXPECT_TRUE(plan(with_rust(R"({"name": "app", "kind": ["lib"]})")).command.starts_with("/p/app makes no module: "));
}

TEST(Go, BuildsACommandOrWhatIsExported) {
  FakeMachine machine = machine_with({{"main.go", "package main\n"}, {"main_test.go", "\n//go:wasmexport no\n"}});
  machine.programs = {"go"};
  const std::string start = "GOOS=wasip1 GOARCH=wasm /bin/go build -trimpath -buildvcs=false '-ldflags=-s -w' ";
  EXPECT_EQ(plan(machine, {.more = {"-tags", "x"}}).command, start + "-o /p/app/app.wasm -tags x .");
  EXPECT_EQ(plan(machine, {}, "main.go").command, start + "-o /p/app/main.wasm main.go");
  machine.files["/p/app/b.go"] = "package main\n\n//go:wasmexport run\nfunc run() int32 { return 1 }\n";
  EXPECT_EQ(plan(machine).command, start + "-buildmode=c-shared -o /p/app/app.wasm .");
}

TEST(Clang, FindsDebiansLibraryAndCompiler) {
  FakeMachine machine = machine_with({{"a.c", "int main (void) { return 0; }"}, {"b.c", ""}});
  machine.programs = {"clang-19", "clang-22"};
  machine.files["/usr/lib/wasm32-wasi/libc.a"];
  for (const std::string clang : {"/bin/clang-19", "/bin/clang-22"}) {
    machine.answers[clang + " --target=wasm32-wasi -Wno-deprecated --rtlib=compiler-rt -print-libgcc-file-name"] =
        clang + ".builtins\n";
    machine.answers[clang + " -print-prog-name=wasm-ld"] = "/bin/wasm-ld\n";
  }
  machine.files["/bin/wasm-ld"];
  machine.files["/bin/clang-19.builtins"];
  EXPECT_EQ(plan(machine, {.more = {"-lm"}}).command,
            "/bin/clang-19 --target=wasm32-wasi --sysroot=/usr -Wno-deprecated -O2 -Wl,--strip-debug a.c b.c -lm -o "
            "/p/app/app.wasm");
  machine.files["/bin/clang-22.builtins"];
  EXPECT_EQ(plan(machine, {}, "b.c").command,
            "/bin/clang-22 --target=wasm32-wasi --sysroot=/usr -Wno-deprecated -O2 -Wl,--strip-debug "
            "-mexec-model=reactor b.c -o /p/app/b.wasm");
  machine.files.erase("/bin/wasm-ld");
  EXPECT_EQ(plan(machine).command,
            "/bin/clang-22 lacks the linker wasm-ld or the builtins of WebAssembly: `apt-get install clang-22 lld-22 "
            "wasi-libc libclang-rt-22-dev-wasm32` of Debian, or a wasi-sdk, whose folder the variable WASI_SDK_PATH "
            "names");
}

TEST(Clang, UsesAWasiSdk) {
  FakeMachine machine = machine_with({{"a.cpp", "int main() {}"}});
  machine.variables["WASI_SDK_PATH"] = "/sdk";
  machine.files["/sdk/bin/clang"];
  const std::string lib = "/sdk/share/wasi-sysroot/lib/wasm32-wasip1/";
  EXPECT_TRUE(plan(machine).command.starts_with("/sdk/share/wasi-sysroot has no lib/wasm32-wasip1/libc.a: set "));
  machine.files[lib + "libc.a"];
  machine.answers["/sdk/bin/clang --target=wasm32-wasip1 -Wno-deprecated --rtlib=compiler-rt -print-libgcc-file-name"] =
      "/sdk/rt.a";
  machine.files["/sdk/rt.a"];
  machine.answers["/sdk/bin/clang -print-prog-name=wasm-ld"] = "wasm-ld";
  machine.programs = {"wasm-ld"};
  EXPECT_TRUE(plan(machine).command.starts_with("there is no C++ library for wasm32-wasip1: `apt-get install "));
  machine.files[lib + "libc++.a"];
  EXPECT_EQ(plan(machine).command,
            "/sdk/bin/clang --target=wasm32-wasip1 --sysroot=/sdk/share/wasi-sysroot -Wno-deprecated -O2 "
            "-Wl,--strip-debug -fno-exceptions a.cpp -lc++ -lc++abi -o /p/app/app.wasm");
}

TEST(Zig, BuildsAFileOrAProject) {
  FakeMachine machine = machine_with({{"main.zig", "pub fn main() void {}"}, {"other.zig", ""}});
  machine.programs = {"python-zig"};
  EXPECT_EQ(plan(machine).command,
            "/bin/python-zig build-exe main.zig -target wasm32-wasi -O ReleaseSmall -femit-bin=/p/app/app.wasm");
  EXPECT_EQ(plan(machine, {}, "other.zig").command,
            "/bin/python-zig build-exe other.zig -target wasm32-wasi -O ReleaseSmall -fno-entry -rdynamic "
            "-mexec-model=reactor -femit-bin=/p/app/other.wasm");
  machine.files["/p/app/build.zig"];
  const Planned planned = plan(machine, {.more = {"-Dx=1"}});
  EXPECT_EQ(planned.command, "/bin/python-zig build -Dtarget=wasm32-wasi --release=small --prefix /scratch/zig -Dx=1");
  EXPECT_EQ(planned.made, "/scratch/zig");
}

TEST(AssemblyScript, StartsWhereItHasNoEntry) {
  FakeMachine machine = machine_with({{"package.json", R"({"devDependencies": {"assemblyscript": "*"}})"},
                                      {"node_modules/.bin/asc", ""},
                                      {"index.ts", "trace(\"x\");"},
                                      {"run.ts", "export function run(): i32 { return 1; }"}});
  const std::string asc = "/p/app/node_modules/.bin/asc ";
  EXPECT_EQ(plan(machine).command, asc + "index.ts -O --exportStart _start -o /p/app/app.wasm");
  EXPECT_EQ(plan(machine, {}, "run.ts").command, asc + "run.ts -O --exportStart _initialize -o /p/app/run.wasm");
  machine.files["/p/app/node_modules/@assemblyscript/wasi-shim/asconfig.json"];
  EXPECT_EQ(plan(machine).command, asc +
                                       "index.ts --config ./node_modules/@assemblyscript/wasi-shim/asconfig.json "
                                       "-O --exportStart _start -o /p/app/app.wasm");
  machine.files["/p/app/asconfig.json"];
  EXPECT_EQ(plan(machine).command, asc + "index.ts --target release -o /p/app/app.wasm");
}

TEST(Components, TakeTheProjectsWitOrThatOfExec) {
  FakeMachine machine = machine_with({{"app.py", ""}, {"util.py", ""}, {"hello.js", ""}});
  machine.programs = {"componentize-py", "jco"};
  const Planned planned = plan(machine, {}, "", "componentize-py");
  EXPECT_EQ(planned.command,
            "/bin/componentize-py --wit-path /scratch/worlds.wit --world exec componentize app -o /p/app/app.wasm");
  ASSERT_EQ(planned.said.size(), 1U);
  EXPECT_TRUE(planned.said[0].starts_with("there is no WIT: the world is `exec`, `export exec: func(input: string)"));
  EXPECT_EQ(plan(machine, {}, "", "jco").command,
            "/bin/jco componentize hello.js --wit /scratch/worlds.wit --world-name exec -o /p/app/app.wasm");
  EXPECT_EQ(plan(machine, {.world = "http"}, "", "jco").command,
            "/bin/jco componentize hello.js --wit /scratch/worlds.wit --world-name http -o /p/app/app.wasm");
  EXPECT_TRUE(plan(machine, {.world = "x"}, "", "jco").command.starts_with("there is no WIT for the world `x`: "));

  machine.files["/p/app/wit/w.wit"];
  EXPECT_EQ(plan(machine, {.world = "w"}, "util.py").command,
            "/bin/componentize-py --wit-path wit --world w componentize util -o /p/app/util.wasm");
  EXPECT_EQ(plan(machine, {.wit = "/x.wit", .world = "w", .more = {"--backend", "qjs"}}, "hello.js").command,
            "/bin/jco componentize hello.js --wit /x.wit --world-name w --backend qjs -o /p/app/hello.wasm");
}

TEST(Toolchain, AMissingToolIsNamedWithHowToInstallIt) {
  const std::string asks_for_asc = R"({"devDependencies": {"assemblyscript": "*"}})";
  for (const auto& [files, start, advice] : {
           std::tuple<Files, std::string, std::string>{{{"Cargo.toml", ""}}, "`cargo` is not on PATH: ", "rustup"},
           {{{"main.go", ""}}, "`go` is not on PATH: ", "Go 1.21"},
           {{{"a.c", ""}}, "`clang` is not on PATH: ", "libclang-rt-22-dev-wasm32"},
           {{{"a.cpp", ""}}, "`clang` is not on PATH: ", "libc++-22-dev-wasm32"},
           {{{"a.zig", ""}}, "`zig` is not on PATH: ", "pip install ziglang"},
           {{{"package.json", asks_for_asc}}, "`asc` is not on PATH: ", "npm install --save-dev assemblyscript"},
           {{{"a.py", ""}, {"a.wit", ""}}, "`componentize-py` is not on PATH: ", "pip install componentize-py"},
           {{{"a.js", ""}, {"a.wit", ""}}, "`jco` is not on PATH: ", "npm install --save-dev @bytecodealliance/jco"},
       }) {
    const std::string error = plan(machine_with(files)).command;
    EXPECT_TRUE(error.starts_with(start)) << error;
    EXPECT_NE(error.find(advice), std::string::npos) << error;
  }
}

TEST(Command, IsShownAsAPersonWouldTypeIt) {
  EXPECT_EQ(to_text({{"a", "b c", "d'e", "", "--f=g"}, {{"H", "i"}}}), "H=i a 'b c' 'd'\\''e' '' --f=g");
}

}  // namespace
}  // namespace mayfly::cli
