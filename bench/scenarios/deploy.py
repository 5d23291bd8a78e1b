"""From the first byte of an upload to the first answer of the function; every upload is another artefact."""

import sources
import stats
import tables
import wasm
from mayfly import C_HELLO, GO_HELLO, Mayfly

QUICK = {"uploads": 10}


def arguments(parser):
    parser.add_argument("--languages", nargs="*", choices=sources.LANGUAGES, default=list(sources.LANGUAGES),
                        help="of functions from source")
    parser.add_argument("--uploads", type=int, default=100, help="of each kind; a fifth of it for Go, which is large")


def run(options):
    kinds = {
        "wat run": ([wasm.number(i) for i in range(options.uploads)], ""),
        "C hello": ([wasm.distinct(C_HELLO.read_bytes(), i) for i in range(options.uploads)], ""),
        "200 kB of code": ([wasm.hello_of_size(200_000, i) for i in range(options.uploads)], ""),
        "Go hello": ([wasm.distinct(GO_HELLO.read_bytes(), i) for i in range(max(2, options.uploads // 5))], ""),
        **{sources.title(language): ([sources.distinct(language, i) for i in range(options.uploads)],
                                     sources.query(language)) for language in options.languages},
    }
    samples = {}
    with Mayfly(options, None) as server, server.connect() as connection:
        for language in options.languages:  # what its functions share is there before the first that counts
            server.deploy({f"prepared-{language}": sources.path("hello", language)}, sources.query(language))
            server.wait_until_optimised(f"prepared-{language}")
        for number, (kind, (functions, query)) in enumerate(kinds.items()):
            samples[kind] = []
            for i, function in enumerate(functions):
                name = f"k{number}-{i}"
                samples[kind].append((connection.deploy(name, function, query) + connection.get(f"/{name}")[1]) * 1e6)
    rows = [[kind, f"{len(kinds[kind][0][0]) / 1000:.1f} kB", len(times),
             *(tables.microseconds(stats.quantile(times, q)) for q in (0.5, 0.9, 1))] for kind, times in samples.items()]
    print(tables.table(["deploy to live", "size", "uploads", "p50", "p90", "max"], rows))
    return {"samples_us": samples}
