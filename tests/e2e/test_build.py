"""`mayfly build`: with tools that only say how they were called, and with those that this machine has."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys

import pytest

from conftest import EXAMPLES, GUESTS

COMMAND = (EXAMPLES / "hello-c/hello-c.wasm").read_bytes()
RUN = (EXAMPLES / "answer/answer.wasm").read_bytes()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mayfly"

# A tool that writes down how it was called, answers as `answers` has it, and leaves a module where it was told to.
TOOL = """#!{python}
import json, os, pathlib, shutil, sys
arguments = sys.argv[1:]
for asked, answer in {answers!r}.items():
    if asked in arguments:
        print(answer)
        sys.exit(0)
calls = pathlib.Path({calls!r})
calls.write_text(json.dumps(dict(arguments=arguments, folder=os.getcwd(), go=os.environ.get("GOOS"))))
print("what the tool prints")
print("what the tool complains about", file=sys.stderr)
if {status} < 0:
    os.kill(os.getpid(), -{status})
elif {status}:
    sys.exit({status})
made = {made!r}
for at, argument in enumerate(arguments):
    if argument == "-o":
        made = arguments[at + 1]
    elif argument.startswith("-femit-bin="):
        made = argument.partition("=")[2]
    elif argument == "--prefix":
        made = arguments[at + 1] + "/bin/built.wasm"
if made and {leaves}:
    pathlib.Path(made).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy({module!r}, made)
"""


class Workshop:
    """A project's folder, and a PATH of tools that are none."""

    def __init__(self, binary, folder):
        self.binary, self.tools, self.project = binary, folder / "tools", folder / "app"
        self.calls, self.module = folder / "calls.json", folder / "module.wasm"
        self.tools.mkdir()
        self.project.mkdir()
        self.variables = {}
        self.module.write_bytes(COMMAND)

    def write(self, **files):
        for name, text in files.items():
            path = self.project / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def tool(self, name, answers=None, status=0, made="", leaves=True, folder=None):
        path = (folder or self.tools) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TOOL.format(python=sys.executable, answers=answers or {}, calls=str(self.calls), status=status,
                                    made=made, leaves=leaves, module=str(self.module)))
        path.chmod(0o755)

    def build(self, *arguments, project="app", **more):
        environment = {**os.environ, "PATH": str(self.tools), **self.variables}
        environment.pop("RUSTC", None)
        return subprocess.run([self.binary, "build", *([project] if project else []), *arguments], capture_output=True,
                              text=True, timeout=60, env=environment, cwd=self.project.parent, **more)

    def called(self):
        return json.loads(self.calls.read_text())

    def cargo(self, name="app", kind="bin", dependencies=(), **more):
        """Rust, with all targets, and a package."""
        self.write(Cargo_dot_toml="")
        metadata = {"target_directory": str(self.project / "target"), "packages": [{
            "name": name, "manifest_path": str(self.project / "Cargo.toml"),
            "targets": [{"name": name, "kind": [kind]}], "dependencies": [{"name": each} for each in dependencies]}]}
        target = "wasm32-wasip2" if "wit-bindgen" in dependencies else "wasm32-wasip1"
        self.tool("cargo", {"metadata": json.dumps(metadata)}, made=f"{self.project}/target/{target}/release/{name}.wasm",
                  **more)
        self.tool("rustc", {"--print": str(self.tools)})

    def clang(self, **more):
        """A wasi-sdk."""
        sdk = self.tools / "sdk"
        library = sdk / "share/wasi-sysroot/lib/wasm32-wasip1"
        library.mkdir(parents=True)
        for name in ("libc.a", "libc++.a", "builtins.a"):
            (library / name).touch()
        self.variables["WASI_SDK_PATH"] = str(sdk)
        self.tool("clang", {"-print-libgcc-file-name": str(library / "builtins.a"),
                            "-print-prog-name=wasm-ld": str(library / "libc.a")}, folder=sdk / "bin", **more)


@pytest.fixture
def workshop(binary, tmp_path):
    return Workshop(binary, tmp_path)


def test_a_build_says_what_it_made_and_what_is_next(workshop):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go")
    done = workshop.build()
    assert done.returncode == 0, done.stderr
    command, printed, empty, made, deploy = done.stdout.splitlines()
    assert command.startswith("GOOS=wasip1 GOARCH=wasm ") and "/tools/go build" in command
    assert (printed, empty) == ("what the tool prints", "")
    assert made == f"app/app.wasm: {len(COMMAND)} bytes, kind command"
    assert deploy == "next: mayfly deploy app/app.wasm"
    assert done.stderr == "what the tool complains about\n"
    assert (workshop.project / "app.wasm").read_bytes() == COMMAND
    assert workshop.called() == {
        "arguments": ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", f"{workshop.project}/app.wasm",
                      "."],
        "folder": str(workshop.project), "go": "wasip1"}


def test_what_is_built_is_live_with_the_next_command(workshop, server):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go")
    deploy = shlex.split(workshop.build().stdout.splitlines()[-1].removeprefix("next: "))
    assert deploy[0] == "mayfly"
    done = subprocess.run([workshop.binary, *deploy[1:], "--server", server.url], cwd=workshop.project.parent, timeout=30,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert server.get("/app?name=Ada").status == 200


PLACE = "{project}/app.wasm"


@pytest.mark.parametrize("files, tool, arguments", [
    ({"main_dot_go": "package main\n//go:wasmexport run\n"}, "go",
     ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-buildmode=c-shared", "-o", PLACE, "."]),
    ({"a_dot_zig": "pub fn main() void {}"}, "zig",
     ["build-exe", "a.zig", "-target", "wasm32-wasi", "-O", "ReleaseSmall", f"-femit-bin={PLACE}"]),
    ({"asconfig_dot_json": "{}", "assembly__index_dot_ts": ""}, "asc",
     ["assembly/index.ts", "--target", "release", "-o", PLACE]),
    ({"package_dot_json": '{"devDependencies": {"assemblyscript": "0"}}', "index_dot_ts": "export function run(): i32 {}"},
     "asc", ["index.ts", "-O", "--exportStart", "_initialize", "-o", PLACE]),
    ({"app_dot_py": "", "wit__world_dot_wit": ""}, "componentize-py",
     ["--wit-path", "wit", "componentize", "app", "-o", PLACE]),
    ({"app_dot_js": "", "hello_dot_wit": ""}, "jco", ["componentize", "app.js", "--wit", "hello.wit", "-o", PLACE]),
])
def test_how_a_tool_is_called(workshop, files, tool, arguments):
    workshop.write(**files)
    workshop.tool(tool)
    done = workshop.build()
    assert done.returncode == 0, done.stderr
    called = workshop.called()
    assert called["arguments"] == [each.format(project=workshop.project) for each in arguments]
    assert called["folder"] == str(workshop.project)
    assert (workshop.project / "app.wasm").read_bytes() == COMMAND


def test_cargo_builds_the_target_of_the_package(workshop):
    workshop.cargo()
    done = workshop.build()
    assert done.returncode == 0, done.stderr
    assert workshop.called()["arguments"] == ["build", "--release", "--target", "wasm32-wasip1", "--package", "app",
                                              "--bin", "app"]
    assert (workshop.project / "app.wasm").read_bytes() == COMMAND
    assert (workshop.project / "target/wasm32-wasip1/release/app.wasm").exists()


def test_cargo_makes_components_of_their_crates(workshop):
    workshop.cargo(name="my-app", kind="cdylib", dependencies=["wit-bindgen"], leaves=False)
    done = workshop.build("--", "--features", "x")
    assert workshop.called()["arguments"] == ["build", "--release", "--target", "wasm32-wasip2", "--package", "my-app",
                                              "--lib", "--features", "x"]
    assert done.returncode == 1 and "target wasm32-wasip2" in done.stdout
    assert done.stderr.endswith(f"cargo has succeeded, but left no {workshop.project}/target/wasm32-wasip2/release/"
                                "my_app.wasm\n")


def test_clang_gets_the_sysroot_and_what_is_behind_two_dashes(workshop):
    workshop.write(a_dot_cpp="int main() {}", b_dot_c="")
    workshop.clang()
    done = workshop.build("--", "-DX=1", "-lm")
    assert done.returncode == 0, done.stderr
    sysroot = workshop.tools / "sdk/share/wasi-sysroot"
    assert workshop.called()["arguments"] == [
        "--target=wasm32-wasip1", f"--sysroot={sysroot}", "-Wno-deprecated", "-O2", "-Wl,--strip-debug",
        "-fno-exceptions", "a.cpp", "b.c", "-lc++", "-lc++abi", "-DX=1", "-lm", "-o", f"{workshop.project}/app.wasm"]
    workshop.write(b_dot_c="#include <x.h>\nint run(void) { return 1; }")
    assert workshop.build("-o", "new/b.wasm", project="app/b.c").returncode == 0
    assert workshop.called()["arguments"][4:] == ["-Wl,--strip-debug", "-mexec-model=reactor", "b.c", "-o",
                                                  f"{workshop.project.parent}/new/b.wasm"]
    assert (workshop.project.parent / "new/b.wasm").exists()


def test_a_zig_project_is_installed_and_its_module_taken(workshop):
    workshop.write(build_dot_zig="")
    workshop.tool("zig")
    done = workshop.build()
    assert done.returncode == 0, done.stderr
    *start, prefix = workshop.called()["arguments"]
    assert start == ["build", "-Dtarget=wasm32-wasi", "--release=small", "--prefix"]
    assert not pathlib.Path(prefix).exists() and (workshop.project / "app.wasm").read_bytes() == COMMAND
    workshop.tool("zig", leaves=False)
    assert workshop.build().returncode == 1


def test_a_component_without_wit_has_a_world(workshop):
    workshop.write(app_dot_py="")
    copy = workshop.tools / "seen.wit"
    workshop.tool("componentize-py")
    script = workshop.tools / "componentize-py"
    script.write_text(script.read_text() + f"shutil.copy(arguments[1], {str(copy)!r})\n")
    done = workshop.build("--with", "componentize-py")
    assert done.returncode == 0, done.stderr
    assert "export exec: func(input: string) -> string;" in copy.read_text()
    assert "there is no WIT: the world is `exec`" in done.stdout
    assert workshop.called()["arguments"][2:] == ["--world", "exec", "componentize", "app", "-o",
                                                  f"{workshop.project}/app.wasm"]
    assert "--world http" in workshop.build("--with", "componentize-py", "--world", "http").stdout
    assert "worlds exec and http" in workshop.build("--with", "componentize-py", "--world", "other").stderr
    workshop.tool("componentize-py")
    assert workshop.build("--with", "componentize-py", "--wit", "app", "--world", "w").returncode == 0
    assert workshop.called()["arguments"] == ["--wit-path", str(workshop.project), "--world", "w", "componentize", "app",
                                              "-o", f"{workshop.project}/app.wasm"]


def test_the_status_of_the_tool_is_passed_on(workshop):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go", status=7)
    done = workshop.build()
    assert done.returncode == 7
    assert done.stderr == "what the tool complains about\nmayfly: go failed with status 7\n"
    assert "next:" not in done.stdout and not (workshop.project / "app.wasm").exists()
    workshop.tool("go", status=-signal.SIGKILL)
    assert workshop.build().returncode == 128 + signal.SIGKILL
    workshop.tool("go", leaves=False)
    done = workshop.build()
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, f"mayfly: go has succeeded, but left no {workshop.project}/app.wasm")


def test_a_module_that_no_deploy_would_take_is_said(workshop):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go")
    workshop.module.write_bytes((GUESTS / "no-entry.wat").read_bytes())
    done = workshop.build()
    assert done.returncode == 1 and "mayfly: cannot be deployed: the module exports none of" in done.stderr
    assert "of no kind" in done.stdout and "next:" not in done.stdout
    workshop.module.write_bytes(b"no module")
    assert workshop.build().returncode == 1


def test_a_function_toml_says_with_what_and_where(workshop, server):
    workshop.write(function_dot_toml='name = "told"\nmodule = "out/it.wasm"\nbuild = "go"\n', Cargo_dot_toml="",
                   go_dot_mod="module app\n", main_dot_go="package main\n")
    workshop.tool("go")
    workshop.module.write_bytes(RUN)
    done = workshop.build()
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"\napp/out/it.wasm: {len(RUN)} bytes, kind run\nnext: mayfly deploy app\n")
    assert server.command("deploy", str(workshop.project)).returncode == 0
    assert server.get("/told").text == "42"
    done = workshop.build("--with", "cargo")
    assert "`cargo` is not on PATH" in done.stderr
    assert workshop.build("-o", "x.wasm").stdout.endswith("next: mayfly deploy x.wasm\n")


def test_names_that_no_function_may_have(workshop):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go")
    done = workshop.build("-o", "a b.wasm")
    assert done.stdout.splitlines()[-1] == "next: mayfly deploy 'a b.wasm' --name NAME"


@pytest.mark.parametrize("files, tool, advice", [
    ({"Cargo_dot_toml": ""}, "cargo", "`rustup target add wasm32-wasip1`; or on Debian 12 `apt-get install rustc-web"),
    ({"main_dot_go": ""}, "go", "install Go 1.21 or newer"),
    ({"a_dot_c": ""}, "clang", "`apt-get install clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32` of Debian, or a "
                               "wasi-sdk, whose folder the variable WASI_SDK_PATH names"),
    ({"a_dot_cc": ""}, "clang", "libc++-22-dev-wasm32 libc++abi-22-dev-wasm32"),
    ({"a_dot_zig": ""}, "zig", "`pip install ziglang`"),
    ({"asconfig_dot_json": ""}, "asc", "`npm install --save-dev assemblyscript @assemblyscript/wasi-shim`"),
    ({"a_dot_py": "", "a_dot_wit": ""}, "componentize-py", "`pip install componentize-py`"),
    ({"a_dot_js": "", "a_dot_wit": ""}, "jco", "`npm install --save-dev @bytecodealliance/jco"),
])
def test_a_missing_tool_is_named_with_how_to_install_it(workshop, files, tool, advice):
    workshop.write(**files)
    done = workshop.build()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"mayfly: `{tool}` is not on PATH: ") and advice in done.stderr, done.stderr


def test_a_missing_standard_library_of_rust(workshop):
    workshop.cargo()
    workshop.tool("rustc", {"--print": "/nowhere/lib/rustlib/wasm32-wasip1/lib"})
    done = workshop.build()
    assert done.returncode == 1 and done.stderr.startswith(
        "mayfly: Rust's standard library for wasm32-wasip1 is missing: `rustup target add wasm32-wasip1`; or on Debian")
    workshop.tool("rustup")
    assert workshop.build().stderr.endswith("is missing: `rustup target add wasm32-wasip1`\n")
    assert not workshop.calls.exists()


def test_what_cannot_be_built(workshop):
    workshop.write(README_dot_md="")
    done = workshop.build()
    assert done.returncode == 1
    for wanted in (f"{workshop.project} is nothing that `mayfly build`", "Cargo.toml", "go.mod", ".cpp", "build.zig",
                   "asconfig.json", ".py", "package.json"):
        assert wanted in done.stderr
    workshop.write(hello_dot_py="")
    assert f"hello.py needs no building: `mayfly deploy {workshop.project}/hello.py`" in workshop.build().stderr
    workshop.write(Cargo_dot_toml="", build_dot_zig="")
    done = workshop.build()
    assert done.returncode == 1 and "`--with` chooses one" in done.stderr
    assert "--with cargo" in done.stderr and "--with zig" in done.stderr and "--with go" not in done.stderr
    assert "`zig` is not on PATH" in workshop.build("--with", "zig").stderr
    assert workshop.build("--with", "make").stderr == (
        "mayfly: there is no tool chain `make`; there are cargo, go, clang, zig, asc, componentize-py, jco\n")
    assert workshop.build(project="none").stderr == f"mayfly: there is no {workshop.project.parent}/none\n"
    assert "--target is for cargo" in workshop.build("--with", "zig", "--target", "x").stderr
    assert "--wit and --world are for componentize-py and jco" in workshop.build("--with", "go", "--wit", "x").stderr
    workshop.write(function_dot_toml="build = 3\n")
    assert "function.toml:1:" in workshop.build().stderr


def test_without_a_folder_it_is_the_one_here(workshop):
    workshop.write(main_dot_go="package main\n")
    workshop.tool("go")
    done = subprocess.run([workshop.binary, "build", "--", "-tags", "x"], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PATH": str(workshop.tools)}, cwd=workshop.project)
    assert done.stdout.splitlines()[-1] == "next: mayfly deploy app.wasm", done.stderr
    assert workshop.called()["arguments"][-3:] == ["-tags", "x", "."]


# With what is on this machine.

def on_this_machine(tool, folder=None):
    """PATH with the tool on it."""
    places = os.environ["PATH"] + (f":{folder}" if folder else "")
    if not shutil.which(tool, path=places):
        pytest.skip(f"{tool} is not on this machine")
    return {"PATH": places}


def build_and_deploy(server, folder, variables, *arguments):
    done = subprocess.run([server.binary, "build", ".", *arguments], capture_output=True, text=True, cwd=folder,
                          timeout=580, env={**os.environ, **variables})
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, *deploy = shlex.split(done.stdout.splitlines()[-1])
    done = subprocess.run([server.binary, *deploy, "--server", server.url], cwd=folder, timeout=60, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr


def project(tmp_path, *sources):
    folder = tmp_path / "app"
    folder.mkdir()
    for source in sources:
        shutil.copy(source, folder)
    return folder


def test_real_go(server, tmp_path):
    variables = on_this_machine("go")
    folder = project(tmp_path, EXAMPLES / "hello-go/main.go", EXAMPLES / "hello-go/go.mod")
    build_and_deploy(server, folder, {**variables, "GOTOOLCHAIN": "local"})
    assert server.get("/app?name=Ada").body == deployed_example(server, "hello-go", "?name=Ada")


def test_real_go_that_exports_a_function(server, tmp_path):
    variables = on_this_machine("go")
    folder = project(tmp_path)
    (folder / "go.mod").write_text("module app\n\ngo 1.24\n")
    (folder / "a.go").write_text("package main\n\nvar base = 40\n\nfunc main() {}\n\n//go:wasmexport run\n"
                                 "func run() int32 { return int32(base + 2) }\n")
    build_and_deploy(server, folder, {**variables, "GOTOOLCHAIN": "local"})
    assert (server.show("app")["kind"], server.get("/app").text) == ("run", "42")


def deployed_example(server, name, query=""):
    assert server.deploy("example", (EXAMPLES / name / f"{name}.wasm").read_bytes()).status == 201
    return server.get(f"/example{query}").body


def with_clang(cpp=False):
    libc = pathlib.Path("/usr/lib/wasm32-wasi")
    if not os.environ.get("WASI_SDK_PATH") and not (libc / ("libc++.a" if cpp else "libc.a")).exists():
        pytest.skip("there is no wasi-libc on this machine")
    return {}


def test_real_c(server, tmp_path):
    build_and_deploy(server, project(tmp_path, EXAMPLES / "hello-c/hello-c.c"), with_clang())
    assert server.get("/app?name=Ada").body == deployed_example(server, "hello-c", "?name=Ada")


def test_real_c_that_is_a_handle_function(server, tmp_path):
    folder = project(tmp_path, EXAMPLES / "greet-handle/greet-handle.c")
    build_and_deploy(server, folder, with_clang(), "--", f"-I{EXAMPLES}/include")
    assert server.show("app")["kind"] == "handle"
    assert server.get("/app").body == deployed_example(server, "greet-handle")


def test_real_c_without_a_main(server, tmp_path):
    folder = project(tmp_path)
    (folder / "a.c").write_text('__attribute__((export_name("run"))) int run(void) { return 42; }\n')
    build_and_deploy(server, folder, with_clang())
    assert server.get("/app").text == "42"


def test_real_cpp(server, tmp_path):
    folder = project(tmp_path)
    (folder / "a.cpp").write_text('#include <string>\n#include <cstdio>\nint main() {\n'
                                  '  std::string text = "made with C++";\n  std::puts(text.c_str());\n}\n')
    build_and_deploy(server, folder, with_clang(cpp=True))
    assert server.get("/app").text == "made with C++\n"


def test_real_zig(server, tmp_path):
    variables = on_this_machine("zig") if shutil.which("zig") else on_this_machine("python-zig")
    folder = project(tmp_path)
    (folder / "main.zig").write_text("export fn run() i32 {\n    return 42;\n}\n")
    build_and_deploy(server, folder, {**variables, "ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "zig")})
    assert server.get("/app").text == "42"


def test_real_assemblyscript(server, tmp_path):
    packages = CACHE / "guests/npm/node_modules"
    if not (packages / ".bin/asc").exists():
        pytest.skip("AssemblyScript is not on this machine: examples/build.sh installs it")
    on_this_machine("node")
    folder = project(tmp_path, EXAMPLES / "hello-as/hello-as.ts", EXAMPLES / "hello-as/package.json")
    (folder / "node_modules").symlink_to(packages)
    build_and_deploy(server, folder, {})
    assert server.get("/app?name=Ada").body == deployed_example(server, "hello-as", "?name=Ada")


def rust():
    """Variables of a Rust that can build for WebAssembly: with its standard library, or the source of that."""
    for path in (os.environ["PATH"], "/usr/bin:/bin"):
        rustc = shutil.which("rustc", path=path)
        if not rustc or not shutil.which("cargo", path=path):
            continue
        asked = subprocess.run([rustc, "--print", "target-libdir", "--target", "wasm32-wasip1"], capture_output=True,
                               text=True, timeout=60)
        library = pathlib.Path(asked.stdout.strip())
        has_source = (library.parents[1] / "src/rust/library/Cargo.toml").exists()
        if asked.returncode == 0 and (library.exists() or has_source and pathlib.Path("/usr/bin/wasm-ld-22").exists()):
            return {"PATH": path}
    pytest.skip("no Rust on this machine builds for WebAssembly")


def test_real_rust(server, tmp_path):
    # Debian's Rust builds its standard library first, once: a minute and a half.
    variables = {**rust(), "CARGO_TARGET_DIR": str(CACHE / "test-build-cargo")}
    folder = project(tmp_path)
    (folder / "Cargo.toml").write_text('[package]\nname = "made-with-rust"\nedition = "2021"\n')
    (folder / "src").mkdir()
    (folder / "src/main.rs").write_text(
        'fn main() {\n    println!("Hello, {}!", std::env::var("name").unwrap_or_default());\n}\n')
    build_and_deploy(server, folder, variables)
    assert server.get("/made-with-rust?name=Ada").text == "Hello, Ada!\n"


def test_real_python_component(server, tmp_path):
    variables = on_this_machine("componentize-py")
    folder = project(tmp_path)
    (folder / "app.py").write_text("import wit_world\n\n\nclass WitWorld(wit_world.WitWorld):\n"
                                   "    def exec(self, input: str) -> str:\n        return input.upper()\n")
    build_and_deploy(server, folder, variables, "--with", "componentize-py")
    assert server.request("POST", "/app", b'"abc"').text == '"ABC"'


def test_real_python_component_of_wasi_http(server, tmp_path):
    variables = on_this_machine("componentize-py")
    folder = project(tmp_path, GUESTS / "components/python/app.py")
    build_and_deploy(server, folder, variables, "--with", "componentize-py", "--world", "http")
    assert server.show("app")["kind"] == "http"
    assert server.request("POST", "/app?a=b", b"[1]").json == {"target": "/app?a=b", "body": [1]}


def test_real_javascript_component(server, tmp_path):
    variables = on_this_machine("jco")
    folder = project(tmp_path)
    (folder / "app.js").write_text("export function exec(input) { return JSON.stringify({got: JSON.parse(input)}); }\n")
    build_and_deploy(server, folder, variables, "--with", "jco", "--", "--backend", "qjs")
    assert server.request("POST", "/app", b'[1]').json == {"got": [1]}
