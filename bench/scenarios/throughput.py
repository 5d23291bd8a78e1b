"""mayfly beside nginx, wasmtime serve, workerd and Node.js: requests/s and latency, as ratios against nginx."""

import contextlib
import dataclasses
import statistics
import sys

import peers
import plot
import processes
import stats
import tables
import wrk

TITLES = {"rps": "requests/s", "p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "cpu": "CPU/request"}
WARM_UP = 1  # seconds for each target, before anything counts
QUICK = {"rounds": 5, "more": 0, "seconds": 1}


def arguments(parser):
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--more", type=int, default=7, help="further rounds while a ratio varies too much")
    parser.add_argument("--seconds", type=int, default=3, help="of one run of wrk")
    parser.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=[1, 32, 256])
    parser.add_argument("--only", type=lambda text: [n.strip() for n in text.split(";")], default=peers.NAMES,
                        help="peers, separated by `;`: " + "; ".join(peers.NAMES))
    parser.add_argument("--base", default=peers.BASE, help="the yardstick: one of them")
    parser.add_argument("--svg", help="also write the ratios as a plot")


def run(options):
    wanted = {options.base, *options.only}
    if unknown := wanted - set(peers.NAMES):
        raise SystemExit(f"no such peer: {', '.join(sorted(unknown))}; there are: {'; '.join(peers.NAMES)}")
    server_core, load_core = processes.cores()
    with contextlib.ExitStack() as stack:
        running = peers.start(options, stack, server_core, wanted)
        for name, why in running.missing.items():
            print(f"without {name}: {why}")
        if options.base not in running.targets:
            raise SystemExit(f"Without {options.base} there is nothing to compare with.")
        for target in running.targets.values():
            wrk.run(target.url, 1, WARM_UP, load_core)
        loads = {n: _measure(running.targets, n, options, load_core) for n in options.connections}
    results = {"versions": running.versions, "missing": running.missing, "base": options.base, "samples": loads}
    print(report(results))
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(draw(loads, options.base))
    return results


def _load(target, connections, seconds, core):
    """One run of wrk, with the microseconds of CPU time that each request cost the server."""
    before = target.process.cpu_seconds()
    load = wrk.run(target.url, connections, seconds, core)
    return {**dataclasses.asdict(load), "cpu": (target.process.cpu_seconds() - before) * 1e6 / load.requests}


def _measure(targets, connections, options, core):
    """Rounds of every target in turn, and then of those whose ratios vary too much. {name: {"loads", "base"}}"""
    samples = {name: [] for name in targets}
    alongside = {name: [] for name in targets}  # the yardstick of the same round
    unsettled = list(targets)
    for number in range(options.rounds + options.more):
        if number >= options.rounds:
            unsettled = [name for name in targets if not settled(samples[name], alongside[name])]
            if not unsettled:
                break
        names = [options.base, *(name for name in unsettled if name != options.base)]
        for name in names:
            load = _load(targets[name], connections, options.seconds, core)
            if name == options.base:
                base = load
            samples[name].append(load)
            alongside[name].append(base)
        print(f"{tables.connections(connections)}, round {number + 1}: {len(names)} targets", file=sys.stderr, flush=True)
    return {name: {"loads": samples[name], "base": alongside[name]} for name in targets}


def ratio(loads, base, metric):
    return stats.paired([load[metric] for load in loads], [load[metric] for load in base])


def settled(loads, base):
    return all(ratio(loads, base, metric).stable for metric in TITLES)


def draw(samples, base):
    """Every stable ratio as a dot."""
    names = [name for name in next(iter(samples.values())) if name != base]
    panels = {title: {} for title in TITLES.values()}
    for number, sample in enumerate(samples.values()):
        for row, name in enumerate(names):
            for metric, title in TITLES.items():
                found = ratio(sample[name]["loads"], sample[name]["base"], metric)
                if found.stable:
                    panels[title][row, number] = found.median
    return plot.ratios(panels, names, [tables.connections(n) for n in samples])


def report(results):
    """Ratios, and the medians that they come from, for each number of connections."""
    text = []
    for connections, samples in results["samples"].items():
        ratios, medians = [], []
        for name, sample in samples.items():
            loads = sample["loads"]
            middle = {metric: statistics.median(load[metric] for load in loads) for metric in TITLES}
            medians.append([name, f"{middle['rps']:.0f}",
                            *(tables.microseconds(middle[metric]) for metric in TITLES if metric != "rps"), len(loads)])
            if name != results["base"]:
                ratios.append([name, *(ratio(loads, sample["base"], metric) for metric in TITLES)])
        text.append(f"\n{tables.connections(connections)}, ratio to {results['base']} (more is better of requests/s, less of all else)\n\n"
                    + tables.table(["", *TITLES.values()], ratios)
                    + f"\n\n{tables.connections(connections)}, medians over the rounds\n\n"
                    + tables.table(["", *TITLES.values(), "rounds"], medians))
    return "\n".join(text)
