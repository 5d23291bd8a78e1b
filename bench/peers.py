"""What is measured side by side. Each peer answers the same 13 bytes from one core."""

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
from wire import Connection

HERE = pathlib.Path(__file__).resolve().parent / "peers"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "mayfly/bench"
WASMTIME = CACHE / "wasmtime/bin/wasmtime"
WORKERD = next((CACHE / "workerd/node_modules/@cloudflare").glob("workerd-linux-*/bin/workerd"), CACHE / "workerd")
BASE = "nginx"

# What mayfly's engine is set to, and what Wasmtime's benchmarks use: its own defaults are slower.
POOLING = ("-O", "pooling-allocator=y", "-O", "pooling-pagemap-scan=auto", "-O", "pooling-memory-keep-resident=262144",
           "-O", "pooling-table-keep-resident=262144", "-O", "pooling-async-stack-keep-resident=262144",
           "-O", "pooling-max-unused-warm-slots=1000")

WASI_03 = ("-S", "cli,p3", "-W", "component-model-async=y")

MAYFLY = {"mayfly, run": mayfly.RUN, "mayfly, wat hello": mayfly.WAT_HELLO, "mayfly, C hello": mayfly.C_HELLO,
          "mayfly, Go hello": mayfly.GO_HELLO, "mayfly, exec": mayfly.EXEC_HELLO,
          "mayfly, http 0.2": mayfly.HTTP_HELLO, "mayfly, http 0.2, reused": mayfly.HTTP_HELLO,
          "mayfly, http 0.3": mayfly.HTTP3_HELLO, "mayfly, http 0.3, reused": mayfly.HTTP3_HELLO}
# As wasmtime serve has it by default.
REUSE = {"mayfly, http 0.2, reused": "?reuse=128", "mayfly, http 0.3, reused": "?reuse=128&reuse_concurrency=16"}


def nginx(port, folder):
    text = (HERE / "nginx.conf").read_text().replace("PORT", str(port)).replace("FOLDER", str(folder))
    (folder / "nginx.conf").write_text(text)
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def wasmtime(component, *options, settings=POOLING):
    def command(port, _folder):
        return [str(WASMTIME), "serve", "--addr", f"127.0.0.1:{port}", *settings, *options, str(component)]
    return command


def workerd(port, _folder):
    return [str(WORKERD), "serve", str(HERE / "workerd.capnp"), "--socket-addr", f"http=127.0.0.1:{port}"]


def node(port, _folder):
    return [shutil.which("node") or "node", str(HERE / "hello.js"), str(port)]


@dataclass(frozen=True)
class Peer:
    name: str
    command: Callable  # (port, folder) -> argv
    version: tuple  # argv that says it


PEERS = [
    Peer(BASE, nginx, ("nginx", "-v")),
    Peer("wasmtime serve", wasmtime(mayfly.HTTP_HELLO), (str(WASMTIME), "--version")),
    Peer("wasmtime serve, as it comes", wasmtime(mayfly.HTTP_HELLO, settings=()), (str(WASMTIME), "--version")),
    Peer("wasmtime serve, reused", wasmtime(mayfly.HTTP_HELLO, "--max-instance-reuse-count", "128"),
         (str(WASMTIME), "--version")),
    Peer("wasmtime serve, 0.3", wasmtime(mayfly.HTTP3_HELLO, *WASI_03, "--max-instance-reuse-count", "1"),
         (str(WASMTIME), "--version")),
    Peer("wasmtime serve, 0.3, reused", wasmtime(mayfly.HTTP3_HELLO, *WASI_03), (str(WASMTIME), "--version")),
    Peer("workerd", workerd, (str(WORKERD), "--version")),
    Peer("Node.js", node, ("node", "--version")),
]
NAMES = [BASE, *MAYFLY, *(peer.name for peer in PEERS[1:])]


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


@dataclass
class Running:
    """Targets by name, what they are, and what is missing."""

    targets: dict = field(default_factory=dict)  # name -> Target
    versions: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)  # name -> why


def start(options, stack, core, wanted):
    """Starts every wanted peer that is there. `stack` ends them."""
    running = Running()
    if any(name in wanted for name in MAYFLY):
        server = stack.enter_context(mayfly.Mayfly(options, core))
        for name, module in MAYFLY.items():
            if name in wanted:
                function = name.replace(",", "").replace(" ", "-")
                server.deploy({function: module}, REUSE.get(name, ""))
                running.targets[name] = Target(server.url(function), server.process)
        running.versions["mayfly"] = options.commit
    for peer in PEERS:
        if peer.name not in wanted:
            continue
        found = version(peer)
        if found is None:
            running.missing[peer.name] = "not installed; `scripts/bench_setup.sh` says why"
            continue
        try:
            running.targets[peer.name] = _start(peer, stack, core)
            running.versions[peer.name] = found
        except RuntimeError as error:
            running.missing[peer.name] = str(error)
    # In the order of the list, whatever started first.
    running.targets = {name: running.targets[name] for name in NAMES if name in running.targets}
    return running


def _start(peer, stack, core):
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mayfly-bench-peer-")))
    port = processes.free_port()
    log = stack.enter_context(open(folder / "output", "w", encoding="utf-8"))
    process = processes.Process(peer.command(port, folder), port, core, output=log)
    stack.callback(process.stop)
    try:
        process.wait_until_listening()
        with Connection(port, timeout=10) as connection:
            body, _ = connection.get("/")
    except (RuntimeError, OSError) as error:
        raise RuntimeError(f"{error}: {(folder / 'output').read_text()[-500:].strip()}") from error
    if body not in (b"Hello World!\n", b"Hello, World!\n"):
        raise RuntimeError(f"it answers {body[:100]!r}")
    return Target(f"http://127.0.0.1:{port}/", process)
