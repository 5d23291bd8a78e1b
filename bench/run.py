#!/usr/bin/env python3
"""Measures mayfly. `bench/run.py SCENARIO --help` says what there is to set; bench/README.md, what it means."""

import argparse
import importlib
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCENARIOS = ("throughput", "source", "template", "cold", "deploy", "density", "fairness", "waiting", "streaming", "s3",
             "leak")
QUIET = 0.05  # share of the cores that may be busy before; beyond it something else takes part in what is measured


def busy(seconds=2):
    """The share of all cores that is not idle, or taken by a neighbour of this virtual machine."""
    def times():
        return [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]

    before = times()
    time.sleep(seconds)
    passed = [after - earlier for earlier, after in zip(before, times())]
    return 1 - (passed[3] + passed[4]) / sum(passed)


def machine():
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "busy_before": round(busy(), 2)}


def describe(about):
    return (f"{about['cores']} cores of {about['cpu']}, {about['memory_gib']} GiB, Linux {about['kernel']}, "
            f"{about['busy_before']:.0%} busy before it started"
            + (": NOT QUIET, so not to be quoted" if about["busy_before"] > QUIET else ""))


def commit():
    ran = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    commands = parser.add_subparsers(dest="scenario", required=True)
    for name in SCENARIOS:
        scenario = importlib.import_module(f"scenarios.{name}")
        command = commands.add_parser(name, help=scenario.__doc__, description=scenario.__doc__,
                                      formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        command.add_argument("--mayfly", default=str(ROOT / "build/release/mayfly"), help="the binary under test")
        command.add_argument("--interpreters", default=str(ROOT / "build/languages"),
                             help="folder with what runs functions from source")
        command.add_argument("--quick", action="store_true", help="short and few: to try the bench, not mayfly")
        command.add_argument("--json", help="also write everything that was measured to this file")
        scenario.arguments(command)
        command.set_defaults(scenario=scenario, name=name, command=command)
    options = parser.parse_args()
    if options.quick:
        options.command.set_defaults(**options.scenario.QUICK)
        options = parser.parse_args()
    if not os.access(options.mayfly, os.X_OK):
        raise SystemExit(f"{options.mayfly} is not there: run `make build`, which makes it.")
    options.commit = commit()

    about = machine()
    print(f"{options.name} at {options.commit}: {describe(about)}\n", flush=True)
    results = options.scenario.run(options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"scenario": options.name, "commit": options.commit, "machine": about, **results}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
