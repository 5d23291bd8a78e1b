"""What a file would be as a function, told by the command line and by the API."""

import io
import json
import random
import subprocess
import time
import zipfile

import pytest

from conftest import EXAMPLES, GUESTS
from test_components import COMPONENTS, HELLO
from test_typed import TYPED, function_of

INSPECT = "/_mayfly/v1/inspect"


def inspect(server, body):
    return server.request("POST", INSPECT, body)


def inspected(server, body):
    answer = inspect(server, body)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
    return answer.json


def leb(number):
    out = b""
    while True:
        number, byte = number >> 7, number & 127
        out += bytes([byte | (128 if number else 0)])
        if not number:
            return out


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


MODULE = b"\0asm\1\0\0\0"
COMPONENT = b"\0asm\r\0\1\0"


def test_a_module(server):
    found = inspected(server, (EXAMPLES / "hello-c/hello-c.wasm").read_bytes())
    assert (found["format"], found["kind"], found["entry"]) == ("module", "command", "_start")
    assert {"name": "wasi_snapshot_preview1.fd_write", "provided": True} in found["imports"]
    assert "memory" in found["exports"] and "write stdout and stderr" in found["needs"]
    sizes = {each["name"]: each["bytes"] for each in found["sections"]}
    assert sizes["code"] > 1000 and 0 < found["size"] - sum(sizes.values()) < 200 and "refused" not in found


@pytest.mark.parametrize("name", sorted(path.stem for path in GUESTS.glob("*.wat")))
def test_it_says_what_a_deploy_says(server, name):
    module = (GUESTS / f"{name}.wat").read_bytes()
    found = inspected(server, module)
    deployed = server.deploy("f", module)
    if deployed.status == 201:
        assert (found["kind"], found["entry"]) == (deployed.json["kind"], deployed.json["entry"])
        assert "refused" not in found
    else:
        assert found["refused"]["type"].endswith("/" + deployed.problem), (found, deployed.text)


@pytest.mark.parametrize("name, module", [("typed", TYPED), ("http", HELLO)] + [
    (kind, (COMPONENTS / f"{name}.wat").read_bytes()) for kind, name in [("command", "command"), ("exec", "exec-echo")]])
def test_a_component(server, name, module):
    found = inspected(server, module)
    deployed = server.deploy("f", module).json
    assert (found["format"], found["kind"], deployed["kind"]) == ("component text", name, name)
    assert all(each["provided"] for each in found["imports"]) and "refused" not in found
    assert "core module" in [each["name"] for each in found["sections"]]


def test_the_wit_of_a_component(server):
    wit = inspected(server, TYPED)["wit"]
    assert "record person {" in wit and "divide: func(a: s32, b: s32) -> result<s32, string>;" in wit
    assert "export greet: func(name: string) -> string;" in wit


def test_what_cannot_be_deployed(server):
    stream = function_of("$s", "(type $s (stream u8))").encode()
    for module, slug, said in [
        (stream, "no-entry-point", "it has a stream"),
        (b'(component (import "wasi:cli/stdin@0.9.0" (instance)))', "unknown-import", "wasi:cli/stdin@0.9.0"),
        (b'(component (import "a:b/c" (instance)))', "unknown-import", "a:b/c"),
        (b"(component)", "no-entry-point", "it exports no"),
        (b'(module (import "env" "x" (func)) (func (export "_start")))', "unknown-import", "env.x"),
        (b'(module (func (export "f") (param i32)))', "no-entry-point", "`f` (takes parameters)"),
    ]:
        refused = inspected(server, module)["refused"]
        assert refused["type"] == f"/_mayfly/errors/{slug}" and said in refused["detail"]


def test_a_bundle(server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.write(EXAMPLES / "hello-c/hello-c.wasm", "app.wasm")
        bundle.writestr("a.txt", "a")
        bundle.writestr("function.toml", 'module = "app.wasm"\ncgi = true\n')
    found = inspected(server, packed.getvalue())
    assert (found["format"], found["bundle_files"], found["kind"]) == ("bundle with a module", 3, "cgi")
    assert inspect(server, packed.getvalue()[:200]).problem == "bad-bundle"


def test_custom_sections_by_name(server):
    custom = b"".join(section(0, leb(len(name)) + name + b"x" * size) for name, size in [(b"a", 10), (b"b", 5), (b"a", 7)])
    assert inspected(server, MODULE + custom)["sections"] == [
        {"name": "custom `a`", "bytes": 17}, {"name": "custom `b`", "bytes": 5}]


HOSTILE = {
    "empty": (b"", "not-wasm"),
    "text": (b"hello", "not-wasm"),
    "truncated": (HELLO, None),
    "many imports": (MODULE + section(1, b"\1\x60\0\0") + section(2, leb(400_000) + b"\0\0\0\0" * 400_000), "bad-module"),
    "import count that lies": (MODULE + section(2, leb(4_000_000_000)), "bad-module"),
    "long names": (MODULE + section(1, b"\1\x60\0\0") + section(2, leb(60) + (
        (leb(90_000) + b"m" * 90_000) + b"\0\0\0") * 60), "bad-module"),
    "export of a function that is not there": (MODULE + section(7, b"\1\1f\0\5"), "bad-module"),
    "length beyond the file": (MODULE + b"\1" + leb(4_000_000_000), "bad-module"),
    "nested components": (COMPONENT * 1, None),
    "parentheses": (b"(module " + b"(" * 1_000_000, "bad-module"),
    "component parentheses": (b"(component " * 100_000, "bad-module"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files(server, case):
    module, slug = HOSTILE[case]
    began = time.monotonic()
    answer = inspect(server, module)
    assert (answer.problem == slug) if slug else answer.status == 200, answer.text[:300]
    assert time.monotonic() - began < 10 and server.get("/_mayfly/v1/health").status == 200


def nested(depth):
    body = b""
    for _ in range(depth):
        body = section(4, COMPONENT + body)
    return COMPONENT + body


def test_nesting(server):
    assert inspect(server, nested(50)).status == 200
    for depth in (101, 3000):
        assert "more than 100 deep" in inspect(server, nested(depth)).json["detail"]
    assert inspect(server, nested(100)).status == 200
    deep = "".join(f"(type $t{n} (list $t{n - 1}))" for n in range(1, 5000))
    assert inspect(server, f"(component (type $t0 (list u8)) {deep})".encode()).problem == "bad-module"


def test_files_cut_and_changed_at_random(server):
    dice = random.Random(5)
    files = [(EXAMPLES / "answer/answer.wasm").read_bytes(), (EXAMPLES / "greet-handle/greet-handle.wasm").read_bytes()]
    for _ in range(300):
        file = bytearray(dice.choice(files))
        if dice.random() < 0.5:
            del file[dice.randrange(len(file)):]
        for _ in range(dice.randrange(5)):
            if file:
                file[dice.randrange(len(file))] = dice.randrange(256)
        answer = inspect(server, bytes(file))
        assert answer.status == 200 or answer.problem in ("bad-module", "not-wasm"), answer.text
    assert server.get("/_mayfly/v1/health").status == 200


def test_the_api_is_guarded_and_keeps_nothing(make_server):
    server = make_server(listen="0.0.0.0:0")
    assert inspect(server, TYPED).problem == "token-needed"
    open_server = make_server(data="open")
    inspected(open_server, TYPED)
    assert open_server.get("/_mayfly/v1/functions").json == {"functions": []}
    assert open_server.get(INSPECT).headers["Allow"] == "POST"


def test_the_verb(binary, tmp_path):
    def run(*arguments):
        return subprocess.run([binary, "inspect", *arguments], capture_output=True, text=True, timeout=60)

    said = run(str(EXAMPLES / "answer/answer.wasm"))
    assert said.returncode == 0 and ": module, " in said.stdout and "kind run, entry run\n" in said.stdout
    typed = run(str(COMPONENTS / "typed.wat"))
    assert "component text, " in typed.stdout and "kind typed\n" in typed.stdout and "interface calc {" in typed.stdout
    found = json.loads(run(str(COMPONENTS / "typed.wat"), "--json").stdout)
    assert found["kind"] == "typed"
    (tmp_path / "bad.wat").write_text('(module (import "env" "x" (func)))')
    refused = run(str(tmp_path / "bad.wat"))
    assert refused.returncode == 1 and "env.x  (not provided)" in refused.stdout
    assert "cannot be deployed: it imports what this server does not provide: `env.x`" in refused.stdout
    assert "mayfly: " in run(str(tmp_path / "nothing.wasm")).stderr
    with open(tmp_path / "large.wasm", "wb") as large:
        large.truncate(65 << 20)
    assert "at most 64 MiB" in run(str(tmp_path / "large.wasm")).stderr
