"""Limits of a function: at, just below and just above each; and that a limit of one function is not felt by another."""

import concurrent.futures
import contextlib
import pathlib
import re
import resource
import time

import pytest

from conftest import Wire, until

SLEEPS = """(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (i32.store8 (i32.const 8) (i32.const 0))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const {nanoseconds}))
    (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))))"""

LOGS = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "{line}\\n")
  (func (export "run") (result i32) (local $left i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const {length}))
    (local.set $left (i32.const {count}))
    (loop $again
      (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (i32.const 0)))"""


def sleeps(seconds):
    return SLEEPS.format(nanoseconds=int(seconds * 1e9)).encode()


def logs(line, count):
    return LOGS.format(line=line, length=len(line) + 1, count=count).encode()


def at_once(server, path, count):
    """So many requests at once: their answers, in the order in which they ended."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(server.get, path) for _ in range(count)]
        return [call.result() for call in concurrent.futures.as_completed(calls)]


def test_a_function_runs_up_to_its_concurrency_and_the_rest_waits(server):
    server.deploy("f", sleeps(0.2), "?concurrency=2&queue=2")
    start = time.monotonic()
    answers = at_once(server, "/f", 4)
    assert [answer.status for answer in answers] == [200] * 4
    assert time.monotonic() - start >= 0.4, "two at a time"
    assert server.show("f")["settings"]["limits"]["concurrency"] == 2


def test_beyond_its_queue_a_function_refuses_with_429(server):
    server.deploy("f", sleeps(0.5), "?concurrency=2&queue=1")
    answers = at_once(server, "/f", 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 429, 429]
    refused = answers[0]
    assert (refused.problem, refused.headers["Retry-After"]) == ("too-many-requests", "1")
    assert 'mayfly_refused_total{function="f"} 2' in server.get("/_mayfly/metrics").text
    assert server.get("/f").status == 200, "and is there again"


def test_who_waits_too_long_is_refused_with_429(server):
    server.deploy("f", sleeps(0.6), "?concurrency=1&queue=5&queue_time=100ms")
    answers = at_once(server, "/f", 3)
    assert sorted(answer.status for answer in answers) == [200, 429, 429]
    assert "waited 100 ms" in answers[0].json["detail"]


def test_a_client_that_leaves_the_queue_makes_room(server):
    server.deploy("f", sleeps(0.5), "?concurrency=1&queue=1")
    with Wire(server) as running:
        running.send(b"GET /f HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: server.sandboxes() == 1, "the first to run")
        with Wire(server) as waiting:
            waiting.send(b"GET /f HTTP/1.1\r\nHost: a\r\n\r\n")
            waits = lambda: server.get("/_mayfly/v1/health").json["sandboxes"]["waiting"]
            until(lambda: waits() == 1, "the second to wait")
            assert server.get("/f").status == 429
        assert running.read().status == 200
    assert server.get("/f").status == 200


def test_a_busy_function_delays_no_other(server):
    server.deploy("busy", sleeps(0.5), "?concurrency=1")
    server.deploy("other", "run")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(server.get, "/busy") for _ in range(3)]
        until(lambda: server.sandboxes() == 1, "the first to run")
        start = time.monotonic()
        assert server.get("/other").text == "42"
        assert time.monotonic() - start < 0.4
        assert all(call.result().status == 200 for call in calls)


@pytest.mark.parametrize("length, status", [(1023, 200), (1024, 200), (1025, 413)])
def test_the_request_limit_bounds_the_body(server, length, status):
    server.deploy("echo", "echo", "?request=1KiB")
    answer = server.request("POST", "/echo", b"x" * length)
    assert answer.status == status
    if status == 413:
        assert answer.problem == "body-too-large" and "1024" in answer.json["detail"]


def test_a_request_limit_may_be_above_the_default(server):
    server.deploy("echo", "echo", "?request=12MiB&response=16MiB")
    assert server.request("POST", "/echo", b"x" * (12 << 20)).status == 200
    assert server.request("POST", "/echo", b"x" * ((12 << 20) + 1)).status == 413


def lines_of(server, name):
    return [line["line"] for line in server.log() if line.get("event") == "function" and line["function"] == name]


def test_a_function_that_logs_too_fast_loses_lines_and_is_told(server):
    server.deploy("f", logs("x" * 100, 50), "?log_rate=2KiB")
    server.deploy("quiet", logs("hello", 1), "?log_rate=2KiB")
    assert server.get("/f").status == 200
    assert server.get("/quiet").status == 200
    server.wait_for_log(event="function", function="quiet", line="hello")
    written = lines_of(server, "f")
    assert 1 <= written.count("x" * 100) <= 16, "2 KiB hold 7 lines, and a second may have begun"
    assert "[the function logs faster than its log_rate; lines are dropped]" in written
    dropped = re.search(r'mayfly_log_dropped_bytes_total\{function="f"\} (\d+)', server.get("/_mayfly/metrics").text)
    assert int(dropped[1]) == 100 * (50 - written.count("x" * 100))
    time.sleep(1.1)
    assert server.get("/f").status == 200
    until(lambda: lines_of(server, "f").count("x" * 100) > written.count("x" * 100), "lines of the next second")


def test_server_timing_tells_the_receipt_when_asked_for(server):
    server.deploy("f", "run", "?timing=true")
    server.deploy("g", "run")
    timing = server.get("/f").headers["Server-Timing"]
    assert re.fullmatch(r'queue;dur=[\d.]+, load;dur=[\d.]+, instantiate;dur=[\d.]+, guest;dur=[\d.]+, '
                        r'host;dur=[\d.]+, memory;desc="\d+ KiB"', timing)
    assert "Server-Timing" not in server.get("/g").headers


def test_a_receipt_tells_where_the_time_went(server):
    server.deploy("burn", "burn-and-echo", "?timing=true")
    server.deploy("nap", sleeps(0.1), "?timing=true")
    def durations(path):
        return {name: float(value) for name, value in
                re.findall(r"(\w+);dur=([\d.]+)", server.get(path).headers["Server-Timing"])}
    assert durations("/burn")["guest"] > 5
    assert durations("/nap")["guest"] < 5, "a guest that waits spends no CPU time"


def test_a_function_that_burns_cpu_delays_no_other(server):
    server.deploy("loop", "loop", "?cpu=3s&timeout=3s")
    server.deploy("hello", "run")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        burning = [pool.submit(server.get, "/loop") for _ in range(8)]
        until(lambda: server.get("/_mayfly/v1/health").json["sandboxes"]["in_background"] == 8, "the background")
        times = []
        for _ in range(50):
            start = time.monotonic()
            assert server.get("/hello").text == "42"
            times.append(time.monotonic() - start)
        assert sorted(times)[25] < 0.1, "eight guests take turns of milliseconds; hello does not wait for them"
        assert {call.result().problem for call in burning} == {"too-slow"}


def test_a_thousand_waiting_requests_cost_no_thread_and_little_memory(server):
    server.deploy("nap", sleeps(2), "?concurrency=1000")
    status = pathlib.Path(f"/proc/{server.process.pid}/status")

    def value(name):
        return int(re.search(rf"^{name}:\s+(\d+)", status.read_text(), re.M)[1])

    server.get("/_mayfly/v1/health")
    threads, memory = value("Threads"), value("VmRSS")
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(server, timeout=30)) for _ in range(1000)]
        for wire in wires:
            wire.send(b"GET /nap HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: server.sandboxes() == 1000, "all of them to wait")
        assert value("Threads") == threads
        assert value("VmRSS") - memory < 100 * 1024, "kB: 100 KiB each is a bound; some 25 are measured"
        assert {wire.read().status for wire in wires} == {200}


def test_many_requests_at_once_are_all_answered(make_server):
    """Their guests keep up with the sockets: a function of microseconds does not fill its queue."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = make_server("--threads", "1")
    server.deploy("hello", "run")
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(server, timeout=30)) for _ in range(6000)]
        for wire in wires:
            wire.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        assert {wire.read().status for wire in wires} == {200}


HUGE = 100 << 20


@pytest.mark.parametrize("function, call, options", [
    ('"env" "log" (func $f (param i32 i64))', f"(call $f (i32.const 0) (i64.const {HUGE}))", "log=4MiB"),
    ('"env" "tcp_connect" (func $f (param i32 i64) (result i32))', f"(drop (call $f (i32.const 0) (i64.const {HUGE})))",
     "allow=tcp=*"),
    ('"wasi_experimental_http" "req" (func $f (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32))',
     f"(drop (call $f (i32.const 0) (i32.const {HUGE}) {'(i32.const 0)' * 8}))", "allow=http=*"),
], ids=["log", "tcp_connect", "req"])
def test_a_call_with_a_huge_text_is_over_soon(server, function, call, options):
    """Nobody else has the loop meanwhile. Twenty of them took two seconds and more."""
    server.deploy("f", f"""(module (import {function}) (memory (export "memory") 1700)
        (func (export "run") (result i32)
          (memory.fill (i32.const 0) (i32.const 97) (i32.const {HUGE})) {call * 20} (i32.const 1)))""".encode(), f"?{options}")
    assert server.get("/f").text == "1"
    start = time.monotonic()
    assert server.get("/f").text == "1"
    assert time.monotonic() - start < 1
