#!/usr/bin/env python3
"""Runs the WASI preview1 programs of a checkout of WebAssembly/wasi-testsuite (branch prod/testsuite-base, which has
them compiled) in mayfly's sandbox, prints a line for each, and writes its section of docs/conformance.md when
asked.

    run_wasi_testsuite.py CHECKOUT --runner build/dev/tests/run_module [--write docs/conformance.md]
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import page

LANGUAGES = ["assemblyscript", "c", "rust"]


def specification(program):
    """What a program is run with and what it has to do; doc/specification.md of the suite."""
    given = program.with_suffix(".json")
    wanted = {"args": [], "env": {}, "root": None, "exit_code": 0, "stdout": None, "stderr": None}
    return {**wanted, **(json.loads(given.read_text()) if given.exists() else {})}


def root_of(program):
    """The folder that the program is to find at `/`, and whether there is anything in it."""
    root = specification(program)["root"]
    folder = program.parent / root if root else None
    return folder, bool(folder and any(not entry.name.startswith(".") for entry in folder.iterdir()))


def run(runner, program, tree, folder):
    """None, or why the program failed. Its root is a copy in `folder`, as programs leave files behind, or in memory."""
    wanted = specification(program)
    command = [runner]
    for name, value in wanted["env"].items():
        command += ["--env", f"{name}={value}"]
    root, _ = root_of(program)
    if root and tree == "tmp":
        command += ["--tmp", "/"]
    elif root:
        copy = pathlib.Path(folder) / "root"
        shutil.copytree(root, copy, symlinks=True)
        command += ["--dir", f"{copy}::/"]
    command += [str(program), *wanted["args"]]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "it was not done after 60 s"
    if done.returncode != wanted["exit_code"]:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"exit code {done.returncode}, not {wanted['exit_code']}: {' / '.join(said)[:300]}"
    for stream, got in (("stdout", done.stdout), ("stderr", done.stderr)):
        if wanted[stream] is not None and got.decode(errors="replace") != wanted[stream]:
            return f"{stream} is {got!r}, not {wanted[stream]!r}"
    return None


def results_of(runner, program):
    """By kind of file system: None, or why it failed."""
    root, filled = root_of(program)
    trees = ["volume", "tmp"] if root and not filled else ["volume"]
    results = {}
    for tree in trees:
        with tempfile.TemporaryDirectory() as folder:
            results[tree] = run(runner, program, tree, folder)
    return results


def cell(results, tree):
    if tree not in results:
        return ""
    return "pass" if results[tree] is None else f"fails: {results[tree]}"


def lines_of(table, commit):
    """The section of docs/conformance.md."""
    passed = sum(reason is None for _, _, results in table for reason in results.values())
    runs = sum(len(results) for _, _, results in table)
    return [
        f"{passed} of {runs} runs of the {len(table)} preview1 programs of",
        f"{page.suite(commit)} pass.",
        "",
        "Each runs in the sandbox with the arguments, environment and folder that its manifest gives: the folder is a",
        "writable volume at `/`, and once more, where it is empty, a folder in memory as `/tmp` is. To run them again and",
        "write this section:",
        "",
        "```",
        "tests/conformance/run_wasi_testsuite.py CHECKOUT --runner build/dev/tests/run_module --write docs/conformance.md",
        "```",
        "",
        "| language | program | volume | memory |",
        "|---|---|---|---|",
        *(f"| {language} | {name} | {cell(results, 'volume')} | {cell(results, 'tmp')} |"
          for language, name, results in table),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--runner", required=True, help="the program run_module of the build")
    parser.add_argument("--write", type=pathlib.Path, help="the page to write")
    parser.add_argument("--commit", default="", help="of the checkout, for the page")
    options = parser.parse_args()
    table = []
    for language in LANGUAGES:
        for program in sorted((options.checkout / "tests" / language / "testsuite" / "wasm32-wasip1").glob("*.wasm")):
            results = results_of(options.runner, program)
            table.append((language, program.stem, results))
            print(f"{language}/{program.stem}: " + ", ".join(f"{tree} {cell(results, tree)}" for tree in results))
    failed = sum(reason is not None for _, _, results in table for reason in results.values())
    print(f"{len(table)} programs, {failed} failed runs")
    if options.write:
        page.write(options.write, "WASI preview1", lines_of(table, options.commit))
    return 1 if failed or not table else 0


if __name__ == "__main__":
    sys.exit(main())
