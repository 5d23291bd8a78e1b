#!/usr/bin/env python3
"""Counts the instructions that one invocation costs under callgrind and compares them with bench/instructions.json.

Unlike times, counts are the same on a noisy machine: two runs differ by less than 1 %. Each is a difference of two runs,
so that starting and compiling cancel out. Fails when an invocation through mayfly's Instance got dearer than the
tolerance. The bare C API's counts, of the same engine in the same way, say how much of it is Wasmtime's own.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import tables

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT = ROOT / "bench/instructions.json"
GUESTS = ("run", "wat_hello", "c_hello")  # Go's hello takes a minute to compile under callgrind
SIDES = ("mayfly", "bare_async")
FEW, MANY = 1000, 3000  # invocations; pools are warm well before the first


def count(binary, side, guest, invocations):
    """(instructions of the whole process, what the engine is set to)"""
    ran = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, side, guest,
                          str(invocations)], capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode != 0 or not found:
        raise SystemExit(f"{side} {guest}: {ran.stdout}{ran.stderr}")
    return int(found[1]), ran.stdout.strip()


def per_invocation(binary, side, guest):
    few, setting = count(binary, side, guest, FEW)
    many, _ = count(binary, side, guest, MANY)
    return round((many - few) / (MANY - FEW)), setting


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "build/bench/bench/micro/invocations"))
    parser.add_argument("--tolerance", type=float, default=0.10, help="growth that passes, as a share [0.10]")
    parser.add_argument("--update", action="store_true", help="keep what is counted now as the new bound")
    options = parser.parse_args()

    counted = {}
    for guest in GUESTS:
        for side in SIDES:
            counted[f"{guest}, {side}"], setting = per_invocation(options.binary, side, guest)
    kept = json.loads(KEPT.read_text())
    if options.update:
        KEPT.write_text(json.dumps({**kept, setting: counted}, indent=2) + "\n")
    bounds = json.loads(KEPT.read_text()).get(setting)
    if bounds is None:
        print(f"bench/instructions.json has no counts for an engine with `{setting}`; --update keeps these:\n{counted}")
        return 2

    over = [name for name, now in counted.items()
            if name.endswith("mayfly") and now > bounds[name] * (1 + options.tolerance)]
    rows = [[name, bounds[name], now, f"{now / bounds[name] - 1:+.1%}", "over" if name in over else "ok"]
            for name, now in counted.items()]
    print(tables.table([f"instructions an invocation, {setting}", "kept", "now", "change", "verdict"], rows))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
