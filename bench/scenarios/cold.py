"""The first request to a function that is deployed but not loaded: the server was restarted, compiled code is on disk."""

import processes
import sources
import stats
import tables
import wasm
from mayfly import C_HELLO, GO_HELLO, Mayfly

CODE_BYTES = 200_000
QUICK = {"functions": 20, "restarts": 1}


def arguments(parser):
    parser.add_argument("--functions", type=int, default=200, help="of each kind; a tenth of it for Go, which is large")
    parser.add_argument("--languages", nargs="*", choices=sources.LANGUAGES, default=["js", "python"],
                        help="of functions from source")
    parser.add_argument("--restarts", type=int, default=3)


def functions(count, languages):
    """{kind: ([modules or sources, no two of them the same], how to deploy them)}"""
    c, go = C_HELLO.read_bytes(), GO_HELLO.read_bytes()
    return {
        f"C hello, {len(c) / 1000:.0f} kB": ([wasm.distinct(c, i) for i in range(count)], ""),
        f"hello with {CODE_BYTES / 1000:.0f} kB of code": ([wasm.hello_of_size(CODE_BYTES, i) for i in range(count)], ""),
        f"Go hello, {len(go) / 1e6:.1f} MB": ([wasm.distinct(go, i) for i in range(max(2, count // 10))], ""),
        **{f"{sources.title(language)} from source": ([sources.distinct(language, i) for i in range(count)],
                                                      sources.query(language)) for language in languages},
    }


def run(options):
    core, _ = processes.cores()
    kinds = functions(options.functions, options.languages)
    with Mayfly(options, None) as server:  # compiling may use every core; measuring is on one
        for number, (made, query) in enumerate(kinds.values()):
            server.deploy({f"k{number}-{i}": function for i, function in enumerate(made)}, query)
            if query:
                server.wait_until_optimised(f"k{number}-0")
        server.core = core
        samples = {kind: {"first": [], "second": []} for kind in kinds}
        for _ in range(options.restarts):
            server.restart()
            with server.connect() as connection:
                for number, (kind, (made, _)) in enumerate(kinds.items()):
                    for i in range(len(made)):
                        for which in ("first", "second"):
                            samples[kind][which].append(connection.get(f"/k{number}-{i}")[1] * 1e6)
    rows = [[f"{kind}: {which} request", len(times), *(tables.microseconds(stats.quantile(times, q))
                                                       for q in (0.5, 0.9, 0.99, 1))]
            for kind, both in samples.items() for which, times in both.items()]
    print(tables.table(["", "requests", "p50", "p90", "p99", "max"], rows))
    return {"samples_us": samples}
