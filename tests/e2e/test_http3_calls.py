"""Every way to call the built-in functions of the canonical ABI wrongly, and some to call them well: a handler of wasi:http
0.3 that mayfly runs itself ends as one that Wasmtime's asynchronous functions run, and nobody else is harmed."""

import pytest

from conftest import GUESTS

CALLS = (GUESTS / "components/http3-calls.wat").read_text()
ENDS = "(local.set $a (call $stream)) "
LOW, HIGH = "(call $low (local.get $a))", "(call $high (local.get $a))"
TRAILERS = "(local.set $b (call $trailers)) "
BLOCKED = "(i32.const -1)"


def is_equal(left, right):
    return f"(call $check (i32.eq {left} {right}))"


def number(value):
    return f"(i32.const {value})"


def read(end, at=0, length=1):
    return f"(call $read {end} {number(at)} {number(length)})"


def write(end, at=0, length=1):
    return f"(call $write {end} {number(at)} {number(length)})"


WELL = {
    "nothing": "",
    "a pipe, written first": ENDS + is_equal(write(HIGH, 0, 100), BLOCKED) + is_equal(read(LOW, 200, 60), number(60 << 4)),
    "a pipe, read first": ENDS + is_equal(read(LOW, 200, 100), BLOCKED) + is_equal(write(HIGH, 0, 60), number(60 << 4)),
    "what is written is read": ENDS + "(i32.store (i32.const 8) (i32.const 123456))" + is_equal(write(HIGH, 8, 4), BLOCKED)
    + is_equal(read(LOW, 64, 4), number(4 << 4)) + is_equal("(i32.load (i32.const 64))", number(123456)),
    "nobody reads": ENDS + f"(call $drop-reader {LOW})" + is_equal(write(HIGH), number(1)),
    "nobody writes": ENDS + f"(call $drop-writer {HIGH})" + is_equal(read(LOW), number(1)),
    "cancelled": ENDS + is_equal(write(HIGH), BLOCKED) + is_equal(f"(call $cancel-write {HIGH})", number(2)),
    "cancelled too late": ENDS + is_equal(write(HIGH, 0, 3), BLOCKED) + is_equal(read(LOW, 64, 3), number(3 << 4))
    + is_equal(f"(call $cancel-write {HIGH})", number(3 << 4 | 2)),
    "an event is waited for": ENDS + is_equal(write(HIGH, 0, 3), BLOCKED) + "(local.set $c (call $set))"
    + f"(call $join {HIGH} (local.get $c))" + is_equal("(call $poll (local.get $c) (i32.const 256))", number(0))
    + is_equal(read(LOW, 64, 3), number(3 << 4)) + is_equal("(call $wait (local.get $c) (i32.const 256))", number(3))
    + is_equal("(i32.load (i32.const 256))", HIGH) + is_equal("(i32.load (i32.const 260))", number(3 << 4))
    + is_equal("(call $poll (local.get $c) (i32.const 256))", number(0)) + f"(call $join {HIGH} (i32.const 0))"
    + "(call $drop-set (local.get $c))",
    "nobody reads a future": TRAILERS + "(call $drop-trailers-reader (call $low (local.get $b)))"
    + is_equal("(call $write-trailers (call $high (local.get $b)) (i32.const 0))", number(1))
    + "(call $drop-trailers-writer (call $high (local.get $b)))",
    "a body is consumed": "(local.set $b (call $sent)) (call $consume (local.get $request) (call $low (local.get $b)) (i32.const 64))"
    + is_equal(read("(i32.load (i32.const 64))", 128, 10), number(1))
    + is_equal("(call $read-trailers (i32.load (i32.const 68)) (i32.const 128))", number(0))
    + is_equal("(i32.load8_u (i32.const 128))", number(0)) + is_equal("(i32.load8_u (i32.const 136))", number(0)),
    "a response is dropped": TRAILERS + "(call $response (call $fields) (i32.const 0) (i32.const 0) (call $low (local.get $b))"
    " (i32.const 64)) (call $drop-response (i32.load (i32.const 64)))",
    "backpressure": "(call $inc) (call $dec)",
    "a turn is given up": "(drop (call $yield))",
    "a context": "(call $set-context (i32.const 77))" + is_equal("(call $get)", number(77)),
    "the context is a task's own": is_equal("(call $get)", number(0)) + "(call $set-context (i32.const 77))",
    "it goes on in its callback": "(call $set-context (i32.const 77)) (return (i32.const 1))",
}
BADLY = {
    "no such handle": f"(drop {read(number(99))})",
    "no handle": f"(drop {read(number(0))})",
    "the wrong end is read": ENDS + f"(drop {read(HIGH)})",
    "the wrong end is written": ENDS + f"(drop {write(LOW)})",
    "written beyond the memory": ENDS + f"(drop {write(HIGH, -16, 100)})",
    "written at the memory's end": ENDS + f"(drop {write(HIGH, 65535, 2)})",
    "read beyond the memory": ENDS + f"(drop {read(LOW, 65535, 2)})",
    "written twice at once": ENDS + f"(drop {write(HIGH)}) (drop {write(HIGH)})",
    "dropped while it is read": ENDS + f"(drop {read(LOW)}) (call $drop-reader {LOW})",
    "dropped twice": ENDS + f"(call $drop-reader {LOW}) (call $drop-reader {LOW})",
    "the wrong end is dropped": ENDS + f"(call $drop-reader {HIGH})",
    "nothing to cancel": ENDS + f"(drop (call $cancel-read {LOW}))",
    "an owed future": TRAILERS + "(call $drop-trailers-writer (call $high (local.get $b)))",
    "a future beyond the memory": TRAILERS + "(drop (call $write-trailers (call $high (local.get $b)) (i32.const 65532)))",
    "a future that is no answer": TRAILERS + "(i32.store (i32.const 64) (i32.const 9))"
    "(drop (call $write-trailers (call $high (local.get $b)) (i32.const 64)))",
    "an event beyond the memory": "(drop (call $poll (call $set) (i32.const 65532)))",
    "a set that is none": "(drop (call $poll (i32.const 9) (i32.const 64)))",
    "a set that is none, to wait for": "(drop (call $wait (i32.const 9) (i32.const 64)))",
    "a future as a stream": TRAILERS + "(drop (call $read (call $low (local.get $b)) (i32.const 0) (i32.const 1)))",
    "a future as a stream that is written": TRAILERS
    + "(drop (call $write (call $high (local.get $b)) (i32.const 0) (i32.const 1)))",
    "a stream as a future": ENDS + f"(drop (call $read-trailers {LOW} (i32.const 0)))",
    "a stream as a future that is written": ENDS + f"(drop (call $write-trailers {HIGH} (i32.const 0)))",
    "a stream in a set that is none": ENDS + f"(call $join {LOW} (i32.const 99))",
    "a set in a set": "(call $join (call $set) (call $set))",
    "a set is dropped with what is in it": ENDS + f"(local.set $c (call $set)) (call $join {LOW} (local.get $c))"
    "(call $drop-set (local.get $c))",
    "a set is dropped twice": "(local.set $c (call $set)) (call $drop-set (local.get $c)) (call $drop-set (local.get $c))",
    "a request is dropped twice": "(call $drop-request (local.get $request)) (call $drop-request (local.get $request))",
    "a request as fields": "(call $drop-fields (local.get $request))",
    "fields that are gone": TRAILERS + "(local.set $c (call $fields)) (call $drop-fields (local.get $c))"
    "(call $response (local.get $c) (i32.const 0) (i32.const 0) (call $low (local.get $b)) (i32.const 64))",
    "a stream as trailers": ENDS + f"(call $response (call $fields) (i32.const 0) (i32.const 0) {LOW} (i32.const 64))",
    "a writable end as trailers": TRAILERS
    + "(call $response (call $fields) (i32.const 0) (i32.const 0) (call $high (local.get $b)) (i32.const 64))",
    "a body that is consumed twice": "(local.set $b (call $sent))"
    "(call $consume (local.get $request) (call $low (local.get $b)) (i32.const 64)) (local.set $b (call $sent))"
    "(call $consume (local.get $request) (call $low (local.get $b)) (i32.const 64))",
    "two answers": "(call $answer)",
    "no answer": "(return (i32.const 0))",
    "a code that is none": "(return (i32.const 7))",
    "a wait for no set": "(return (i32.const 0x992))",
    "less than no backpressure": "(call $dec)",
}
# When that happens is for who runs it to say.
PLAIN_ALONE = ["a body is consumed", "a future that is no answer"]
CALLBACK = "(call $check (i32.eq (call $get) (i32.const 77))) (call $answer)"


def handler(code, *, is_plain):
    """A component that runs `code`. One that exports more is not a plain one."""
    more = "" if is_plain else '(export "more" (func $handle))'
    text = CALLS.replace(";; HERE", code).replace(";; CALLBACK", CALLBACK).rstrip()
    return (text[:-1] + more + ")").encode()


def deploy(server, name, code, query="", is_plain=True):
    made = server.deploy(name, handler(code, is_plain=is_plain), query)
    assert made.status in (200, 201), made.text


def of(calls):
    """Which of them, and by whom they are run."""
    return pytest.mark.parametrize("name, is_plain", [
        pytest.param(name, is_plain, id=f"{name}-{'plain' if is_plain else 'concurrent'}")
        for name in calls for is_plain in (True, False) if is_plain or name not in PLAIN_ALONE])


MODES = pytest.mark.parametrize("query", ["", "?reuse=9&reuse_concurrency=3"], ids=["fresh", "reused"])


@MODES
@of(WELL)
def test_calls(survivor, name, query, is_plain):
    deploy(survivor, "calls", WELL[name], query, is_plain)
    for _ in range(20):
        answer = survivor.get("/calls")
        assert (answer.status, answer.text) == (200, "")


@MODES
@of(BADLY)
def test_wrong_calls(survivor, name, query, is_plain):
    deploy(survivor, "wrong", BADLY[name], query, is_plain)
    for _ in range(3):
        answer = survivor.get("/wrong")
        assert answer.problem in ("trap", "no-response", "internal"), answer.text
    deploy(survivor, "well", "")
    assert survivor.get("/well").status == 200
