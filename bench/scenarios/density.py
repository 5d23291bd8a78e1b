"""Ten thousand functions in one server: deploying them, starting with them, memory, calling them in turn."""

import concurrent.futures
import time

import processes
import stats
import tables
import wasm
import wrk
from mayfly import Mayfly

QUICK = {"functions": 500, "rounds": 5, "seconds": 1}


def arguments(parser):
    parser.add_argument("--functions", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16, help="connections that deploy at once")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)


def _deploy_share(server, first, options):
    with server.connect() as connection:
        for number in range(first, options.functions, options.clients):
            connection.deploy(f"f{number}", wasm.number(number))


def _deploy_all(server, options):
    """Returns how long it took, in seconds."""
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(lambda first: _deploy_share(server, first, options), range(options.clients)))
    return time.perf_counter() - start


def _first_answer(server, options):
    """Restarts the server; (seconds until the last function answers, memory then)."""
    server.restart()
    with server.connect() as connection:
        body, _ = connection.get(f"/f{options.functions - 1}")
    assert body == str(options.functions - 1).encode(), body
    return time.monotonic() - server.process.started, server.process.memory()


def run(options):
    core, load_core = processes.cores()
    with Mayfly(options, None) as server:
        empty = server.process.memory()
        deploying = _deploy_all(server, options)
        deployed = server.process.memory()
        server.core = core
        to_answer, idle = _first_answer(server, options)

        def load(count):
            return wrk.run(server.url(), options.connections, options.seconds, load_core, "round_robin", [count]).rps

        start = time.perf_counter()
        with server.connect() as connection:
            for number in range(options.functions):
                connection.get(f"/f{number}")
        touching = time.perf_counter() - start
        loaded = server.process.memory()
        one, all_of_them = [], []
        for _ in range(options.rounds):
            one.append(load(1))
            all_of_them.append(load(options.functions))
    share = stats.paired(all_of_them, one)
    rows = [
        ["deployed", f"{options.functions / deploying:.0f} functions/s"],
        ["restart to the first answer", f"{to_answer * 1000:.0f} ms"],
        ["memory: none deployed", tables.mebibytes(empty[0])],
        ["memory: all just deployed", tables.mebibytes(deployed[0])],
        ["memory: restarted, idle", tables.mebibytes(idle[0])],
        ["memory: each called once", tables.mebibytes(loaded[0])],
        ["calling each for the first time", f"{touching / options.functions * 1e6:.0f} µs a function"],
        ["requests/s in turn, of requests/s to one", share],
    ]
    print(tables.table([f"{options.functions} functions", ""], rows))
    return {"deploy_seconds": deploying, "first_answer_seconds": to_answer, "touch_seconds": touching,
            "memory": {"empty": empty, "deployed": deployed, "idle": idle, "loaded": loaded},
            "rps": {"one": one, "all": all_of_them}}
