"""What the documentation tells a newcomer to type, typed."""

import os
import re
import shlex
import signal
import socket
import subprocess

import pytest

from conftest import EXAMPLES, ROOT

DOCUMENTED = "127.0.0.1:8080"
NEED_A_SERVER = {"s3", "tcp-backend"}  # of their own: test_examples.py
WITH_README = sorted({path.parent.name for path in EXAMPLES.glob("*/README.md")} - NEED_A_SERVER)


def blocks(text):
    """The indented blocks of a Markdown text, without their indent."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.M)
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n") for block in found]


def shell(command, address):
    done = subprocess.run(shlex.split(command.replace(DOCUMENTED, address)), capture_output=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def running(binary, tmp_path_factory):
    """`make run`, but for the build: the address it listens on, and what it printed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    data = tmp_path_factory.mktemp("run")
    environment = {**os.environ, "MAYFLY_BINARY": binary, "MAYFLY_LISTEN": address, "MAYFLY_DATA": str(data)}
    with subprocess.Popen([ROOT / "scripts/run.sh"], env=environment, stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield address, printed
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize("example", WITH_README)
def test_an_example_prints_what_its_readme_says(running, example):
    address, _ = running
    command, expected, *_ = blocks((EXAMPLES / example / "README.md").read_text())
    assert shell(f"curl -sS {command.removeprefix('curl ')}", address).rstrip("\n") == expected.replace(DOCUMENTED, address)


def test_every_example_of_the_table_answers(running):
    address, _ = running
    commands = re.findall(r"`(curl .*?)` \|$", (EXAMPLES / "README.md").read_text(), re.M)
    assert len(commands) == 17
    for command in commands:
        if command.rsplit("/", 1)[1] not in NEED_A_SERVER:
            shell(command.replace("curl ", "curl -sSf "), address)


def test_what_make_run_prints_works(running):
    address, printed = running
    commands = re.findall(r"^  (curl .*)$", printed, re.M)
    assert len(commands) == 7
    answers = [shell(command.replace("hello.wasm", "examples/hello-c/hello-c.wasm"), address) for command in commands]
    assert answers[0] == "Hello, Ada!\n"
    assert answers[1].startswith("534678912\n")
    assert answers[2] == '{"name_twice":"John John"}\n'
    assert answers[3].startswith("data: 1\n\n")
    assert answers[4] == "Hello, Ada!\n"
    assert '"url":"http://' in answers[5] and '"kind":"source"' in answers[6]


def test_what_typed_md_says_works(running):
    address, _ = running
    commands = re.findall(r"^(curl .*?) +# (.*)$", (ROOT / "docs/typed.md").read_text(), re.M)
    assert len(commands) == 3
    answers = [shell(command.replace("curl ", "curl -sS "), address) for command, _ in commands]
    assert answers[:2] == [said for _, said in commands[:2]]
    assert commands[2][1] == '422, "value":"division by zero"' and answers[2].endswith(',"value":"division by zero"}')


def test_what_inspect_md_shows_is_printed(binary):
    command, shown = re.search(r"```console\n\$ mayfly (.*)\n((?:.*\n)*?)```", (ROOT / "docs/inspect.md").read_text()).groups()
    assert shell(f"{binary} {command}", DOCUMENTED) == shown


def test_what_the_page_on_pipelines_says_works(running, binary):
    address, _ = running
    block = (ROOT / "docs/pipelines.md").read_text().split("```sh\n")[1].split("```")[0]
    lines = [line.split("  #")[0] for line in block.splitlines()]
    verbs = {"mayfly": lambda line: f"{binary} {line.removeprefix('mayfly ')} --server http://{address}",
             "curl": lambda line: line.replace("curl ", "curl -sSf ")}
    answers = [shell(verbs[line.split()[0]](line), address) for line in lines]
    assert answers[1] == "Hello, Ada!\n-- mayfly\n"
    assert answers[3].startswith("Hello, ") and answers[3] != answers[1]
    assert '"kind":"pipeline"' in answers[5]


def test_what_the_readme_says_works(running, binary):
    address, _ = running
    readme = (ROOT / "README.md").read_text()
    curls = re.findall(r"^curl .*$", readme, re.M)
    answers = [shell(command.replace("curl ", "curl -sSf "), address) for command in curls]
    assert answers[2] == "42" and answers[4] == "Hello, Ada!\n"

    module = "examples/hello-wat/hello.wat"
    verbs = re.findall(r"^build/release/mayfly (\w+.*?)(?: +#.*)?$", readme, re.M)
    assert [verb.split()[0] for verb in verbs] == ["deploy", "inspect", "list", "show", "rollback", "remove"]
    shell(f"{binary} deploy examples/hello-c/hello-c.wasm --name hello --server http://{address}", address)
    for verb in verbs:
        server = "" if verb.startswith("inspect") else f" --server http://{address}"
        shell(f"{binary} {verb.replace('hello.wasm', module)}{server}", address)
