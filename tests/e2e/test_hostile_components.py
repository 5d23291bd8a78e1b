"""Components made to hurt: each is refused in a second, with a problem that says why, and the server lives on."""

import time

import pytest

from conftest import GUESTS, until
from test_inspect import COMPONENT, INSPECT, MODULE, leb, nested, section
from test_typed import function_of

COMPONENTS = GUESTS / "components"
COMPONENT_TYPE, INSTANCE_TYPE = 0x41, 0x42
CALLED_AT_ONCE = """(component
  (core module $m (func $start {start}) (start $start) (func (export "run") (result i32) (i32.const 0)))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $export (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $export)))"""


def named(text):
    return leb(len(text)) + text


def types(depth, kind):
    """A type in a type in a type."""
    return COMPONENT + section(7, b"\1" + bytes([kind, 1, 1]) * depth + bytes([kind, 0]))


def imports(count, name=b"a%d"):
    function = section(7, b"\1\x40\0\1\0")
    return COMPONENT + function + section(10, leb(count) + b"".join(b"\0" + named(name % i) + b"\1\0" for i in range(count)))


def doubling(times):
    """A type of 2^times numbers, in so many lines."""
    pairs = "".join(f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, times + 1))
    text = function_of(f"$t{times}", f"(type $t0 (tuple u32 u32)) {pairs}")
    memory = '(memory (core memory $i "m")) (realloc (core func $i "r"))'
    return text.replace('(core func $i "f")', f'(core func $i "f") {memory}').encode()


def wide(count):
    """An interface of so many functions."""
    functions = " ".join(f'(export "f{number}" (func))' for number in range(count))
    return f'(component (import "a:b/c" (instance {functions})))'.encode()


HOSTILE = {
    "components in each other": (nested(3000), "bad-module", "more than 100 deep"),
    "components just too deep": (nested(101), "bad-module", "more than 100 deep"),
    "components beside each other": (COMPONENT + section(4, COMPONENT) * 1001, "bad-module", "limit of 1000"),
    "component types in each other": (types(100_000, COMPONENT_TYPE), "bad-module", "more than 1000 types"),
    "instance types in each other": (types(3_000_000, INSTANCE_TYPE), "bad-module", "more than 1000 types"),
    "types in each other, within": (COMPONENT + section(4, types(100_000, INSTANCE_TYPE)), "bad-module", "more than 1000"),
    "imports": (imports(4_000_000), "bad-module", "4000000 imports and exports; 10000 are the most"),
    "imports within": (COMPONENT + section(4, imports(100_000)), "bad-module", "100000 imports and exports"),
    "many imports": (imports(10_000), "unknown-import", "; and 950 more; no more than 1000 functions"),
    "import count that lies": (COMPONENT + section(10, leb(4_000_000_000)), "bad-module", "4000000000 imports"),
    "a long name": (imports(1, b"a" * 50_000_000 + b"%d"), "bad-module", "longer than 4194304 bytes"),
    "long names": (imports(40, b"a" * 90_000 + b"%d"), "unknown-import", "`" + "a" * 200 + "`"),
    "functions of an import": (wide(20_000), "unknown-import", "f19 and 980 more"),
    "instances": (COMPONENT + section(1, MODULE) + section(2, leb(1_000_000) + b"\0\0\0" * 1_000_000), "bad-module",
                  "limit of 1000"),
    "a type that doubles": (doubling(30), "over-engine-limit", "effective type size"),
    "lists in lists": (function_of("$t5000", "(type $t0 (list u8))" + "".join(
        f"(type $t{n} (list $t{n - 1}))" for n in range(1, 5001))).encode(), "bad-module", "nesting is too deep"),
    "section beyond the file": (COMPONENT + b"\7" + leb(4_000_000_000), "bad-module", "offset"),
    "a module where a component is": (COMPONENT + section(4, MODULE), "bad-module", "offset"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_it_is_refused_at_once(survivor, case):
    component, slug, said = HOSTILE[case]
    began = time.monotonic()
    refused = survivor.deploy("hostile", component)
    took = time.monotonic() - began
    assert (refused.status, refused.problem) == (422, slug) and said in refused.json["detail"], refused.text[:500]
    assert len(refused.body) < 20_000 and took < 2, took
    if len(component) < 10 << 20:  # as `inspect` takes
        assert survivor.request("POST", INSPECT, component).status in (200, 422)
    assert survivor.get("/hostile").status == 404


@pytest.mark.parametrize("name", ["http2-hello.wasm", "http3-echo.wasm", "exec-hello-c.wasm"])
def test_cut_anywhere(survivor, name):
    whole = (COMPONENTS / name).read_bytes()
    assert survivor.deploy("whole", whole).status in (200, 201)
    for part in range(50):
        cut = whole[:len(whole) * part // 50]
        refused = survivor.deploy("cut", cut)
        expected = ("bad-module",) if len(cut) >= 8 else ("not-wasm",)
        assert refused.problem in expected, (part, refused.text)
    assert survivor.get("/cut").status == 404


@pytest.mark.parametrize("start, problem", [
    ("unreachable", "trap"), ("(call $start)", "trap"), ("(loop (br 0))", "too-slow"),
])
def test_a_start_that_fails(survivor, start, problem):
    made = survivor.deploy("start", CALLED_AT_ONCE.format(start=start).encode(), "?cpu=50ms")
    assert made.status in (200, 201), made.text
    for _ in range(3):
        assert survivor.get("/start").problem == problem
    until(lambda: survivor.sandboxes() == 0, "the sandboxes to be given back")


def test_a_start_that_does_not_fail(survivor):
    assert survivor.deploy("start", CALLED_AT_ONCE.format(start="").encode()).status in (200, 201)
    assert survivor.get("/start").status == 200


def test_a_type_that_is_large(survivor):
    assert survivor.deploy("large", doubling(12)).status == 201
    assert survivor.get("/large/openapi.json").status == 200
    refused = survivor.deploy("larger", doubling(17))
    assert refused.problem == "unsupported-type" and "20000 types" in refused.json["detail"], refused.text
