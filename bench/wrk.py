"""One run of the load generator wrk, and what it measured."""

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
MARK = "bench "  # report.lua prints one line that starts so


@dataclass(frozen=True)
class Load:
    """Throughput in requests/s, latencies in microseconds."""

    rps: float
    p50: float
    p90: float
    p99: float
    p999: float
    requests: int
    errors: int  # connections that failed, and answers other than 2xx and 3xx


class Failed(RuntimeError):
    """Requests of a run were not answered, or with an error."""


METRICS = ("rps", "p50", "p90", "p99", "p999")


def parse(output):
    """The line of report.lua, in what wrk printed."""
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    if len(lines) != 1:
        raise ValueError(f"wrk did not report:\n{output}")
    found = json.loads(lines[0].removeprefix(MARK))
    return Load(rps=found["requests"] / found["duration_us"] * 1e6, errors=found.pop("errors"),
                requests=found.pop("requests"), **{name: found[name] for name in METRICS[1:]})


def run(url, connections, seconds, core, script="report", arguments=()):
    """Loads `url` over keep-alive connections from one thread on `core`. `script` is one of the .lua files here."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "60s", "-s",
               str(HERE / f"{script}.lua"), url, "--", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LUA_PATH": f"{HERE}/?.lua"},
                         preexec_fn=lambda: os.sched_setaffinity(0, {core}), check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"wrk failed: {ran.stdout}{ran.stderr}")
    load = parse(ran.stdout)
    if load.errors:
        raise Failed(f"{load.errors} of {load.requests} requests to {url} failed:\n{ran.stdout}")
    return load
