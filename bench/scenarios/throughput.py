"""mayfly beside nginx, wasmtime serve, workerd and Node.js: requests/s and latency, as ratios against nginx."""

import contextlib

import peers
import plot
import processes
import rounds
import tables
from rounds import QUICK, TITLES  # noqa: F401


def arguments(parser):
    rounds.arguments(parser)
    parser.add_argument("--only", type=lambda text: [n.strip() for n in text.split(";")], default=peers.DEFAULT,
                        help="peers, separated by `;`: " + "; ".join(peers.HELLO.names))
    parser.add_argument("--base", default=peers.BASE, help="the yardstick: one of them")
    parser.add_argument("--svg", help="also write the ratios as a plot")


def run(options):
    wanted = {options.base, *options.only}
    if unknown := wanted - set(peers.HELLO.names):
        raise SystemExit(f"no such peer: {', '.join(sorted(unknown))}; there are: {'; '.join(peers.HELLO.names)}")
    server_core, load_core = processes.cores()
    with contextlib.ExitStack() as stack:
        running = peers.start(options, stack, server_core, wanted)
        results = rounds.compare(running, options.base, options, load_core)
    print(rounds.report(results))
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(draw(results["samples"], options.base))
    return results


def draw(samples, base):
    """Every stable ratio as a dot."""
    names = [name for name in next(iter(samples.values())) if name != base]
    panels = {title: {} for title in TITLES.values()}
    for number, sample in enumerate(samples.values()):
        for row, name in enumerate(names):
            for metric, title in TITLES.items():
                found = rounds.ratio(sample[name]["loads"], sample[name]["base"], metric)
                if found.stable:
                    panels[title][row, number] = found.median
    return plot.ratios(panels, names, [tables.connections(n) for n in samples])
