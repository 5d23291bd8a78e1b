"""Ten thousand functions in one server: deploying them, starting with them, memory, calling them in turn."""

import concurrent.futures
import time

import processes
import sources
import stats
import tables
import wasm
import wrk
from mayfly import Mayfly

QUICK = {"functions": 500, "rounds": 5, "seconds": 1}


def arguments(parser):
    parser.add_argument("--kind", choices=("wasm", *sources.LANGUAGES), default="wasm", help="what they are written in")
    parser.add_argument("--functions", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16, help="connections that deploy at once")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)


def _made(kind, number):
    """(a function that no other is, how to deploy it, what it answers)"""
    if kind == "wasm":
        return wasm.number(number), "", str(number)
    return sources.distinct(kind, number), sources.query(kind), sources.answer(number)


def _check(connection, kind, number):
    body, _ = connection.get(f"/f{number}")
    if body.decode() != _made(kind, number)[2]:
        raise RuntimeError(f"/f{number} answers {body[:100]!r}")


def _prepare(server, kind):
    """What all of a language share is there then: the first deploy of its first function would pay for it."""
    server.deploy({"prepared": _made(kind, 0)[0]}, _made(kind, 0)[1])
    server.wait_until_optimised("prepared")
    with server.connect() as connection:
        connection.remove("prepared")


def _deploy_share(server, first, options):
    with server.connect() as connection:
        for number in range(first, options.functions, options.clients):
            function, query, _ = _made(options.kind, number)
            connection.deploy(f"f{number}", function, query)


def _deploy_all(server, options):
    """Returns how long it took, in seconds."""
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(lambda first: _deploy_share(server, first, options), range(options.clients)))
    return time.perf_counter() - start


def _first_answer(server, options):
    """Restarts the server; seconds until the last function answers."""
    server.restart()
    with server.connect() as connection:
        _check(connection, options.kind, options.functions - 1)
    return time.monotonic() - server.process.started


def _memory(server):
    return (*server.process.memory(), server.process.proportional_memory(), server.process.mappings())


def _on_disk(server):
    """Bytes that its data folder takes of the disk."""
    return sum(file.lstat().st_blocks for file in (server.folder / "data").rglob("*")) * 512


def run(options):
    core, load_core = processes.cores()
    memory = {}
    with Mayfly(options, None) as server:
        memory["none deployed"] = _memory(server)
        _prepare(server, options.kind)
        deploying = _deploy_all(server, options)
        memory["all just deployed"] = _memory(server)
        disk = _on_disk(server)
        server.core = core
        to_answer = _first_answer(server, options)
        memory["restarted, idle"] = _memory(server)

        def load(count):
            return wrk.run(server.url(), options.connections, options.seconds, load_core, "round_robin", [count]).rps

        start = time.perf_counter()
        with server.connect() as connection:
            for number in range(options.functions):
                _check(connection, options.kind, number)
        touching = time.perf_counter() - start
        memory["each called once"] = _memory(server)
        one, all_of_them = [], []
        for _ in range(options.rounds):
            one.append(load(1))
            all_of_them.append(load(options.functions))
    rows = [
        ["deployed", f"{options.functions / deploying:.0f} functions/s"],
        ["restart to the first answer", f"{to_answer * 1000:.0f} ms"],
        *([f"memory: {when}", _told(*sizes)] for when, sizes in memory.items()),
        ["disk", tables.mebibytes(disk)],
        ["calling each for the first time", f"{touching / options.functions * 1e6:.0f} µs a function"],
        ["requests/s in turn, of requests/s to one", stats.paired(all_of_them, one)],
    ]
    print(tables.table([f"{options.functions} functions, {options.kind}", ""], rows))
    return {"kind": options.kind, "deploy_seconds": deploying, "first_answer_seconds": to_answer, "touch_seconds": touching,
            "memory": memory, "disk": disk, "rps": {"one": one, "all": all_of_them}}


def _told(resident, anonymous, proportional, mappings):
    parts = [f"{tables.mebibytes(anonymous)} anonymous", f"{mappings} mappings"]
    if proportional is not None:
        parts.insert(1, f"{tables.mebibytes(proportional)} proportional")
    return f"{tables.mebibytes(resident)} ({', '.join(parts)})"
