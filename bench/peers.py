"""What is measured side by side. Each answers the same from one core."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

import mayfly
import processes
import sources
from wire import Connection

HERE = pathlib.Path(__file__).resolve().parent / "peers"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "mayfly/bench"
WASMTIME = CACHE / "wasmtime/bin/wasmtime"
WORKERD = next((CACHE / "workerd/node_modules/@cloudflare").glob("workerd-linux-*/bin/workerd"), CACHE / "workerd")
PYTHON = "/usr/bin/python3"  # Debian's, whatever else is on the path
PHP_CGI = "/usr/bin/php-cgi8.2"
BASE = "nginx"

# What mayfly's engine is set to, and what Wasmtime's benchmarks use: its own defaults are slower.
POOLING = ("-O", "pooling-allocator=y", "-O", "pooling-pagemap-scan=auto", "-O", "pooling-memory-keep-resident=262144",
           "-O", "pooling-table-keep-resident=262144", "-O", "pooling-async-stack-keep-resident=262144",
           "-O", "pooling-max-unused-warm-slots=1000")

WASI_03 = ("-S", "cli,p3", "-W", "component-model-async=y")


@dataclass(frozen=True)
class Peer:
    name: str
    command: Callable  # (port, folder) -> argv
    version: tuple  # argv that says it


@dataclass(frozen=True)
class Function:
    """One of mayfly's, deployed with these options."""

    path: pathlib.Path
    query: str = ""


def source(function, language, more=""):
    return Function(sources.path(function, language), sources.query(language, more))


def nginx(port, folder):
    text = (HERE / "nginx.conf").read_text().replace("PORT", str(port)).replace("FOLDER", str(folder))
    (folder / "nginx.conf").write_text(text)
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def wasmtime(component, *options, settings=POOLING):
    def command(port, _folder):
        return [str(WASMTIME), "serve", "--addr", f"127.0.0.1:{port}", *settings, *options, str(component)]
    return command


def workerd(function):
    def command(port, folder):
        shutil.copy(HERE / "workerd.capnp", folder)
        shutil.copy(sources.path(function, "js"), folder / "worker.js")
        return [str(WORKERD), "serve", str(folder / "workerd.capnp"), "--socket-addr", f"http=127.0.0.1:{port}"]
    return command


def cgi(interpreter, *files):
    """A CGI server that starts this interpreter, with an option or none, for each request, on these files in a row."""
    def command(port, folder):
        text = (HERE / "lighttpd.conf").read_text().replace("PORT", str(port)).replace("FOLDER", str(folder))
        (folder / "lighttpd.conf").write_text(text)
        (folder / "index.cgi").write_text(f"#!{interpreter}\n" + "".join(file.read_text() for file in files))
        (folder / "index.cgi").chmod(0o755)
        return [shutil.which("lighttpd") or "/usr/sbin/lighttpd", "-D", "-f", str(folder / "lighttpd.conf")]
    return command


def waitress(function):
    """A WSGI server of one process and one thread, which reads the application once."""
    def command(port, folder):
        shutil.copy(sources.path(function, "python"), folder / "application.py")
        return [PYTHON, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=1", "application:app"]
    return command


def node(port, _folder):
    return [shutil.which("node") or "node", str(HERE / "hello.js"), str(port)]


WASMTIME_VERSION = (str(WASMTIME), "--version")
WORKERD_VERSION = (str(WORKERD), "--version")
WAITRESS_VERSION = (PYTHON, "-c", "import importlib.metadata as m; print(m.version('waitress'))")


@dataclass(frozen=True)
class Workload:
    """What all of them are asked, in the order that they are reported in."""

    functions: dict  # name -> Function
    peers: tuple
    is_answer: Callable  # bytes -> bool; of peers and of functions from source
    body: bytes = b""  # of a POST; of a GET without

    @property
    def names(self):
        return [self.peers[0].name, *self.functions, *(peer.name for peer in self.peers[1:])]


def python_cgi(*files):
    """Python as a process for each request: as it comes, and with all left out that can be."""
    return (Peer("CGI, python3 -IS", cgi(f"{PYTHON} -IS", *files), (PYTHON, "--version")),
            Peer("CGI, python3", cgi(PYTHON, *files), (PYTHON, "--version")))


MODULES = {
    "mayfly, run": Function(mayfly.RUN),
    "mayfly, wat hello": Function(mayfly.WAT_HELLO),
    "mayfly, C hello": Function(mayfly.C_HELLO),
    "mayfly, Go hello": Function(mayfly.GO_HELLO),
    "mayfly, exec": Function(mayfly.EXEC_HELLO),
    "mayfly, http 0.2": Function(mayfly.HTTP_HELLO),
    "mayfly, http 0.2, reused": Function(mayfly.HTTP_HELLO, "?reuse=128"),
    "mayfly, http 0.3": Function(mayfly.HTTP3_HELLO),
    "mayfly, http 0.3, reused": Function(mayfly.HTTP3_HELLO, "?reuse=128&reuse_concurrency=16"),  # as wasmtime serve has it
}
SOURCES = {f"mayfly, {sources.title(language)}": source("hello", language) for language in sources.LANGUAGES}
REUSED_SOURCES = {f"mayfly, {sources.title(language)}, reused": source("hello", language, "reuse=128")
                  for language in sources.LANGUAGES if language != "php"}

WORKERD_HELLO = Peer("workerd", workerd("hello"), WORKERD_VERSION)
HELLO = Workload(
    functions={**MODULES, **SOURCES, **REUSED_SOURCES},
    peers=(
        Peer(BASE, nginx, ("nginx", "-v")),
        Peer("wasmtime serve", wasmtime(mayfly.HTTP_HELLO), WASMTIME_VERSION),
        Peer("wasmtime serve, as it comes", wasmtime(mayfly.HTTP_HELLO, settings=()), WASMTIME_VERSION),
        Peer("wasmtime serve, reused", wasmtime(mayfly.HTTP_HELLO, "--max-instance-reuse-count", "128"), WASMTIME_VERSION),
        Peer("wasmtime serve, 0.3", wasmtime(mayfly.HTTP3_HELLO, *WASI_03, "--max-instance-reuse-count", "1"),
             WASMTIME_VERSION),
        Peer("wasmtime serve, 0.3, reused", wasmtime(mayfly.HTTP3_HELLO, *WASI_03), WASMTIME_VERSION),
        WORKERD_HELLO,
        Peer("Node.js", node, ("node", "--version")),
        *python_cgi(HERE / "hello.cgi.py"),
        Peer("CGI, php-cgi -n", cgi(f"{PHP_CGI} -n", sources.path("hello", "php")), (PHP_CGI, "--version")),
        Peer("CGI, php-cgi", cgi(PHP_CGI, sources.path("hello", "php")), (PHP_CGI, "--version")),
    ),
    is_answer=lambda body: body in (b"Hello World!\n", b"Hello, World!\n"))
# What `throughput` compares unless it is told: not what is slower by orders of magnitude.
DEFAULT = [name for name in HELLO.names
           if name not in REUSED_SOURCES and not name.startswith("CGI")
           and (name not in SOURCES or name == "mayfly, JavaScript")]


def version(peer):
    """What it says of itself, or None when it is not installed."""
    try:
        ran = subprocess.run(peer.version, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)+|\d{4}-\d\d-\d\d", ran.stdout + ran.stderr)
    return found[0] if found else (ran.stdout + ran.stderr).strip()


@dataclass(frozen=True)
class Target:
    url: str
    process: processes.Process
    script: str = "report"  # of wrk
    arguments: tuple = ()


@dataclass
class Running:
    """Targets by name, what they are, and what is missing."""

    targets: dict = field(default_factory=dict)  # name -> Target
    versions: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)  # name -> why


def start(options, stack, core, wanted, workload=HELLO):
    """Starts every wanted peer that is there. `stack` ends them."""
    running = Running()
    load = {}
    if workload.body:
        file = stack.enter_context(tempfile.NamedTemporaryFile(prefix="mayfly-bench-body-"))
        file.write(workload.body)
        file.flush()
        load = {"script": "post", "arguments": (file.name,)}
    functions = {name: function for name, function in workload.functions.items() if name in wanted}
    if functions:
        server = stack.enter_context(mayfly.Mayfly(options, core))
        for name, function in functions.items():
            try:
                running.targets[name] = Target(_deploy(server, name, function, workload), server.process, **load)
            except RuntimeError as error:
                running.missing[name] = str(error)
        running.versions["mayfly"] = options.commit
    for peer in workload.peers:
        if peer.name not in wanted:
            continue
        found = version(peer)
        if found is None:
            running.missing[peer.name] = "not installed; `scripts/bench_setup.sh` says why"
            continue
        try:
            running.targets[peer.name] = Target(*_start(peer, stack, core, workload), **load)
            running.versions[peer.name] = found
        except (RuntimeError, OSError) as error:
            running.missing[peer.name] = str(error)
    # In the order of the list, whatever started first.
    running.targets = {name: running.targets[name] for name in workload.names if name in running.targets}
    return running


def _check(port, target, workload):
    with Connection(port, timeout=30) as connection:
        status, body, _ = connection.request("POST" if workload.body else "GET", target, workload.body, "application/json")
    if status != 200 or not workload.is_answer(body):
        raise RuntimeError(f"it answers {status} {body[:200]!r}")


def _deploy(server, name, function, workload):
    """The URL of what is live then, with the code that it keeps."""
    deployed = name.replace(",", "").replace(" ", "-")
    server.deploy({deployed: function.path}, function.query)
    if function.path.is_relative_to(sources.FUNCTIONS):
        server.wait_until_optimised(deployed)
        _check(server.port, f"/{deployed}", workload)
    return server.url(deployed)


def _start(peer, stack, core, workload):
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mayfly-bench-peer-")))
    port = processes.free_port()
    log = stack.enter_context(open(folder / "output", "w", encoding="utf-8"))
    process = processes.Process(peer.command(port, folder), port, core, output=log, cwd=folder)
    stack.callback(process.stop)
    try:
        process.wait_until_listening()
        _check(port, "/", workload)
    except (RuntimeError, OSError) as error:
        raise RuntimeError(f"{error}: {(folder / 'output').read_text()[-500:].strip()}") from error
    return f"http://127.0.0.1:{port}/", process
