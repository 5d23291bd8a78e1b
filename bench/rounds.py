"""Rounds of several targets in turn, and their ratios to one of them."""

import dataclasses
import statistics
import sys

import stats
import tables
import wrk

TITLES = {"rps": "requests/s", "p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "cpu": "CPU/request"}
WARM_UP = 1  # seconds for each target, before anything counts
QUICK = {"rounds": 5, "more": 0, "seconds": 1}


def arguments(parser, rounds=7, connections=(1, 32, 256)):
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--more", type=int, default=rounds, help="further rounds while a ratio varies too much")
    parser.add_argument("--seconds", type=int, default=3, help="of one run of wrk")
    parser.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=list(connections))


def compare(running, base, options, core):
    """Measures what was started with each number of connections; what report() tells."""
    for name, why in running.missing.items():
        print(f"without {name}: {why}")
    if base not in running.targets:
        raise SystemExit(f"Without {base} there is nothing to compare with.")
    for target in running.targets.values():
        _run(target, 1, WARM_UP, core)
    failures = []
    loads = {n: measure(running.targets, base, n, options, core, failures) for n in options.connections}
    return {"versions": running.versions, "missing": running.missing, "base": base, "samples": loads, "failures": failures}


def _run(target, connections, seconds, core):
    return wrk.run(target.url, connections, seconds, core, target.script, target.arguments)


def _load(target, connections, seconds, core):
    """One run of wrk, with the microseconds of CPU time that each request cost the server."""
    before = target.process.cpu_seconds()
    load = _run(target, connections, seconds, core)
    answered = max(load.requests, 1)  # a short run may end before the first answer
    return {**dataclasses.asdict(load), "cpu": (target.process.cpu_seconds() - before) * 1e6 / answered}


def measure(targets, base_name, connections, options, core, failures):
    """Rounds of every target in turn, and then of those whose ratios vary too much. {name: {"loads", "base"}}

    A run with requests that failed does not count, and `failures` has a line of it; neither does a round in which that
    happened to the yardstick."""
    samples = {name: [] for name in targets}
    alongside = {name: [] for name in targets}  # the yardstick of the same round
    unsettled = list(targets)
    for number in range(options.rounds + options.more):
        if number >= options.rounds:
            unsettled = [name for name in targets if not settled(samples[name], alongside[name])]
            if not unsettled:
                break
        names = [base_name, *(name for name in unsettled if name != base_name)]
        for name in names:
            try:
                load = _load(targets[name], connections, options.seconds, core)
            except wrk.Failed as error:
                summary = str(error).partition(":\n")[0]
                failures.append(f"{tables.connections(connections)}, round {number + 1}, {name}: {summary}")
                if name == base_name:
                    break
                continue
            if name == base_name:
                base = load
            samples[name].append(load)
            alongside[name].append(base)
        print(f"{tables.connections(connections)}, round {number + 1}: {len(names)} targets", file=sys.stderr, flush=True)
    if silent := [name for name in targets if not samples[name]]:
        raise RuntimeError(f"no round of {', '.join(silent)} went well:\n" + "\n".join(failures))
    return {name: {"loads": samples[name], "base": alongside[name]} for name in targets}


def ratio(loads, base, metric):
    return stats.paired([load[metric] for load in loads], [load[metric] for load in base])


def settled(loads, base):
    return len(loads) > 0 and all(ratio(loads, base, metric).stable for metric in TITLES)


def report(results):
    """Ratios, and the medians that they come from, for each number of connections."""
    text = [f"\nNot counted: {failure}" for failure in results.get("failures", [])]
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
