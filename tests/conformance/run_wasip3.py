#!/usr/bin/env python3
"""Runs the WASI 0.3 programs of a checkout of WebAssembly/wasi-testsuite (branch prod/testsuite-base, which has them
compiled) as functions of a server on a loopback address, prints a line for each, and writes their section of
docs/conformance.md when asked.

    run_wasip3.py CHECKOUT --mayfly build/dev/mayfly [--write docs/conformance.md]
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import urllib.parse

import origins
import page

sys.path.insert(0, str(page.ROOT / "tests/e2e"))
from conftest import Server  # noqa: E402

# Why a program does not pass here: by the start of its name, the longer ones first.
REASONS = {
    "filesystem-flags-and-type": "every directory says mutate-directory, however it was opened",
    "filesystem-mkdir-rmdir": "to remove a link that leads out is not-directory, not not-permitted",
    "http-client-path-none": "as Wasmtime (WASI issue 949): a request has a path",
    "http-client-sent": "as Wasmtime (its issue 14112): a request that was not sent is said to be",
    "http-request": "as Wasmtime 48: a path is absolute",
    "sockets-udp-": "no UDP, by design",
    "sockets-tcp-": "sockets do not listen, by design",
    "sockets-echo": "sockets do not listen, by design",
}


def specification(program):
    """What a program is run with and what it has to do; doc/specification.md of the suite."""
    given = program.with_suffix(".json")
    wanted = {"operations": [{"type": "run"}, {"type": "wait"}], "servers": [], "root": None}
    return {**wanted, **(json.loads(given.read_text()) if given.exists() else {})}


def of_type(wanted, kind):
    return [operation for operation in wanted["operations"] if operation["type"] == kind]


def settings(program, wanted, addresses):
    """Options of the deploy, as a query."""
    (run,) = of_type(wanted, "run")
    options = [("env", f"{name}={value}") for name, value in run.get("env", {}).items()]
    options += [("env", f"HTTP_SERVER_{name.upper()}={address}") for name, address in addresses.items()]
    options += [("allow", f"http=http://{address}") for address in addresses.values()]
    if wanted["servers"]:
        options.append(("allow", "http=http://*"))  # to ask for names that there are not
    if program.stem.startswith("sockets-"):
        options += [("allow", "tcp=*"), ("allow", "private")]
    if "args" in run:
        options.append(("argv", " ".join([program.name, *run["args"]])))
    if wanted["root"]:
        options.append(("volume", "root:/tmp:rw"))  # where /tmp would be, as the programs want exactly one directory
    return "?" + urllib.parse.urlencode(options)


def differences(answer, wanted):
    """Of a response from what it should be."""
    found = []
    if answer.status != wanted["status"]:
        found.append(f"status {answer.status}, not {wanted['status']}")
    for name, value in wanted.get("headers", {}).items():
        if answer.headers[name] != value:
            found.append(f"{name}: {answer.headers[name]}, not {value}")
    if "body" in wanted and answer.body != wanted["body"].encode():
        found.append(f"body {answer.body[:100]}, not {wanted['body'].encode()}")
    return found


def logged(server, target):
    """What a function wrote to stderr, whose end the log has once the request is logged."""
    server.wait_for_log(event="request", target=target)
    return [line["line"] for line in server.log() if line["event"] == "function"]


def replay(server, name, wanted):
    """The requests of a service: None, or why one failed."""
    for request in of_type(wanted, "request"):
        target = f"/{name}" if wanted["servers"] else request["path"]
        body = request["body"].encode() if "body" in request else None
        answer = server.request(request["method"], target, body, request.get("headers"))
        if found := differences(answer, request["response"]):
            is_problem = answer.headers["Content-Type"] == "application/problem+json"
            return f"{request['method']} {request['path']}: " + ", ".join(
                found + ([answer.json["detail"], *logged(server, target)] if is_problem else []))
    return None


def command(server, name, wanted):
    """A command, called once: None, or why it failed."""
    body = "".join(operation["payload"] for operation in of_type(wanted, "write")).encode()
    answer = server.request("POST", f"/{name}", body)
    code = of_type(wanted, "wait")[0].get("exit_code", 0)
    lines = logged(server, f"/{name}")
    if code == 1 and answer.status >= 400 and answer.problem == "exit-code":
        return None
    if answer.status != 200 or code != 0:
        return " / ".join([answer.json["detail"], *lines]) if answer.status >= 400 else f"it did not fail with {code}"
    for read in of_type(wanted, "read"):
        got = answer.text if read["id"] == "stdout" else "\n".join(lines)
        if got != read["payload"]:
            return f"{read['id']} is {got!r}, not {read['payload']!r}"
    return None


def routes(program, wanted):
    """A configuration that answers the requests of a service where the manifest wants them."""
    requests = dict.fromkeys((request["method"], request["path"]) for request in of_type(wanted, "request"))
    return "".join(f"[[applications]]\nfile_path = {json.dumps(str(program.resolve()))}\n"
                   f'method = "{method}"\nurl_path = "{path}"\n' for method, path in requests)


def run(mayfly, program, folder):
    """None, or why the program failed."""
    wanted = specification(program)
    root = folder / "root"
    if wanted["root"]:
        shutil.copytree(program.parent / wanted["root"], root, symlinks=True)
    else:
        root.mkdir()
    is_service = bool(of_type(wanted, "request"))
    options = ["--volume", f"root={root}"]
    if is_service and not wanted["servers"]:
        (folder / "routes.toml").write_text(routes(program, wanted))
        options += ["--config", str(folder / "routes.toml")]
    server = Server(mayfly, folder / "data", *options).start()
    try:
        with origins.running(wanted["servers"]) as addresses:
            made = server.deploy(program.stem, program.read_bytes(), settings(program, wanted, addresses))
            if made.status != 201:
                return f"it is not deployed: {made.json['detail']}"
            if of_type(wanted, "connect"):
                return "it is a server"
            return (replay if is_service else command)(server, program.stem, wanted)
    finally:
        server.stop()


def cell(name, failed):
    if failed is None:
        return "pass"
    return next((reason for start, reason in REASONS.items() if name.startswith(start)), f"fails: {failed}")


def lines_of(table, commit):
    passed = sum(failed is None for _, failed in table)
    return [
        f"{passed} of the {len(table)} programs of {page.suite(commit)} pass.",
        "",
        "Each is a function of a server on a loopback address, with the arguments, environment, folder and permissions that",
        "its manifest wants: a command is called once, a service with the requests of the manifest, and who asks others gets",
        "them. To run them again and write this section:",
        "",
        "```",
        "tests/conformance/run_wasip3.py CHECKOUT --mayfly build/dev/mayfly --write docs/conformance.md",
        "```",
        "",
        "| program | result |",
        "|---|---|",
        *(f"| {name} | {cell(name, failed)} |" for name, failed in table),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--mayfly", required=True, help="the binary under test")
    parser.add_argument("--only", default="", help="programs whose names start so")
    parser.add_argument("--write", type=pathlib.Path, help="the page to write")
    parser.add_argument("--commit", default="", help="of the checkout, for the page")
    options = parser.parse_args()
    table = []
    for program in sorted((options.checkout / "tests/rust/testsuite/wasm32-wasip3").glob(f"{options.only}*.wasm")):
        with tempfile.TemporaryDirectory() as folder:
            table.append((program.stem, run(options.mayfly, program, pathlib.Path(folder))))
        print(f"{program.stem}: {table[-1][1] or 'pass'}", flush=True)
    if options.write:
        page.write(options.write, "WASI 0.3", lines_of(table, options.commit))
    unexplained = [name for name, failed in table if cell(name, failed).startswith("fails")]
    print(f"{len(table)} programs, {sum(failed is not None for _, failed in table)} failed, "
          f"{len(unexplained)} of them without a reason")
    return 1 if unexplained or not table else 0


if __name__ == "__main__":
    sys.exit(main())
