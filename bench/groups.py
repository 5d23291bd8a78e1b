"""Comparisons beside each other: each has a yardstick of its own, and its targets run in the same rounds."""

import contextlib
from dataclasses import dataclass

import peers
import processes
import rounds


@dataclass(frozen=True)
class Group:
    workload: peers.Workload
    base: str
    others: tuple


def arguments(parser, groups, connections):
    rounds.arguments(parser, connections=connections)
    parser.add_argument("--groups", nargs="+", choices=groups, default=list(groups), help="what is compared")


def run(options, groups):
    """Prints a report of each; {group: what rounds.compare() told}"""
    server_core, load_core = processes.cores()
    results = {}
    for name in options.groups:
        group = groups[name]
        with contextlib.ExitStack() as stack:
            running = peers.start(options, stack, server_core, {group.base, *group.others}, group.workload)
            print(f"**{name}**\n", flush=True)
            results[name] = rounds.compare(running, group.base, options, load_core)
        print(rounds.report(results[name]) + "\n", flush=True)
    return {"groups": results}
