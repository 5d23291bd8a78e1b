#!/usr/bin/env python3
"""Runs the WASI preview1 programs of a checkout of WebAssembly/wasi-testsuite (branch prod/testsuite-base, which has
them compiled) in mayfly's sandbox, prints a line for each, and writes docs/conformance.md when asked.

    run_wasi_testsuite.py CHECKOUT --runner build/dev/tests/run_module [--write docs/conformance.md]
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

LANGUAGES = ["assemblyscript", "c", "rust"]


def specification(program):
    """What a program is run with and what it has to do; doc/specification.md of the suite."""
    given = program.with_suffix(".json")
    wanted = {"args": [], "env": {}, "root": None, "exit_code": 0, "stdout": None, "stderr": None}
    return {**wanted, **(json.loads(given.read_text()) if given.exists() else {})}


def run(runner, program, folder):
    """None, or why the program failed. Its root folder is a copy: programs leave files behind."""
    wanted = specification(program)
    command = [runner]
    for name, value in wanted["env"].items():
        command += ["--env", f"{name}={value}"]
    if wanted["root"]:
        root = pathlib.Path(folder) / "root"
        shutil.copytree(program.parent / wanted["root"], root, symlinks=True)
        command += ["--dir", f"{root}::/"]
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


def page(results, version):
    """docs/conformance.md."""
    passed = sum(reason is None for _, _, reason in results)
    lines = [
        "# WASI preview1 conformance",
        "",
        f"[WebAssembly/wasi-testsuite](https://github.com/WebAssembly/wasi-testsuite), branch `prod/testsuite-base`{version}: "
        f"{passed} of {len(results)} programs pass.",
        "",
        "Each program runs in the sandbox with the arguments, environment and folder that its manifest gives; its folder",
        "is a writable volume at `/`. To run them again and write this page:",
        "",
        "```sh",
        "tests/conformance/run_wasi_testsuite.py CHECKOUT --runner build/dev/tests/run_module --write docs/conformance.md",
        "```",
        "",
        "| language | program | result |",
        "|---|---|---|",
    ]
    lines += [f"| {language} | {name} | {'pass' if reason is None else 'fails: ' + reason} |"
              for language, name, reason in results]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--runner", required=True, help="the program run_module of the build")
    parser.add_argument("--write", type=pathlib.Path, help="the page to write")
    parser.add_argument("--commit", default="", help="of the checkout, for the page")
    options = parser.parse_args()
    results = []
    for language in LANGUAGES:
        for program in sorted((options.checkout / "tests" / language / "testsuite" / "wasm32-wasip1").glob("*.wasm")):
            with tempfile.TemporaryDirectory() as folder:
                reason = run(options.runner, program, folder)
            results.append((language, program.stem, reason))
            print(f"{'pass' if reason is None else 'FAIL'}  {language}/{program.stem}" + (f": {reason}" if reason else ""))
    failed = sum(reason is not None for _, _, reason in results)
    print(f"{len(results) - failed} of {len(results)} pass")
    if options.write:
        options.write.write_text(page(results, f" at `{options.commit}`" if options.commit else ""))
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
