"""Resident memory after a tenth of the requests, and after all of them."""

import itertools

import processes
import sources
import tables
import wrk
from mayfly import C_HELLO, GUESTS, HTTP3_HELLO, HTTP_HELLO, RUN, WAT_HELLO, Mayfly

FUNCTIONS = {"run": RUN, "wat": WAT_HELLO, "c": C_HELLO, "handle": GUESTS / "handle.wat", "http2": HTTP_HELLO,
             "http3": HTTP3_HELLO, "http2-reused": HTTP_HELLO, "http3-reused": HTTP3_HELLO,
             **{language: sources.path("hello", language) for language in ("js", "python")}}
SETTINGS = {"http2-reused": "?reuse=128", "http3-reused": "?reuse=128&reuse_concurrency=16",
            **{language: sources.query(language) for language in ("js", "python")}}
CONNECTIONS = (1, 32, 256)
QUICK = {"requests": 0.1, "seconds": 1}


def arguments(parser):
    parser.add_argument("--requests", type=float, default=2, help="in millions")
    parser.add_argument("--functions", nargs="+", choices=FUNCTIONS, default=list(FUNCTIONS), help="what is called")
    parser.add_argument("--seconds", type=int, default=5, help="of one run of wrk")


def run(options):
    core, load_core = processes.cores()
    wanted = options.requests * 1e6
    series = []  # (requests so far, resident bytes, anonymous bytes)
    with Mayfly(options, core) as server:
        functions = {name: FUNCTIONS[name] for name in options.functions}
        for name, module in functions.items():
            server.deploy({name: module}, SETTINGS.get(name, ""))
            server.wait_until_optimised(name)
        done = 0
        for name, connections in itertools.cycle(itertools.product(functions, CONNECTIONS)):
            # Each function with each number of connections has run by the first mark, so no pool grows after it.
            share = wanted / 10 / len(functions) / len(CONNECTIONS)
            seconds = options.seconds if done >= wanted / 10 else max(1, round(share / 20_000))
            done += wrk.run(server.url(name), connections, seconds, load_core).requests
            series.append((done, *server.process.memory()))
            if done >= wanted:
                break
    early = next(point for point in series if point[0] >= wanted / 10)
    late = series[-1]
    rows = [[f"{point[0]}", tables.mebibytes(point[1]), tables.mebibytes(point[2])] for point in (early, late)]
    print(tables.table(["requests", "resident", "of it anonymous"], rows))
    print(f"growth: {(late[1] - early[1]) / (late[0] - early[0]):.2f} bytes a request")
    return {"series": series}
