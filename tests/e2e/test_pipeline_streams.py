"""Pipelines of wasi:http handlers: the body goes from stage to stage while it is made."""

import hashlib
import http.client
import json
import socket
import threading
import time

import pytest

from conftest import FUNCTIONS, GUESTS, Upload, Wire, read_and_watch, resident_bytes, send_until_held, until

COMPONENTS = GUESTS / "components"
WORLDS = pytest.mark.parametrize("first, second", [("http2", "http3"), ("http3", "http2")])
MEBIBYTE = 1 << 20


def deploy(server, name, component, query=""):
    """A guest of tests/guests/components, by its name with or without the `.wasm`."""
    file = component if "." in component else f"{component}.wasm"
    made = server.deploy(name, (COMPONENTS / file).read_bytes(), query)
    assert made.status in (200, 201), made.text
    server.wait_for_optimised(name)


def chain(server, *stages, query=""):
    made = server.deploy("chain", f"stages = {json.dumps(stages)}\n".encode(), query)
    assert made.status in (200, 201), made.text


def stages_of(server, answer):
    """What the log says of the stages of an answer's request."""
    line = server.wait_for_log(event="request", id=answer.headers["X-Request-Id"])
    return [(stage["function"], stage["status"]) for stage in line["stages"]]


def all_ended(server):
    until(lambda: server.sandboxes() == 0, "all stages to end", seconds=2)


@pytest.fixture
def bad(server):
    """A server with `echo`, and `bad` that does what the query says."""
    deploy(server, "echo", "http3-echo")
    deploy(server, "bad", "http2-bad", "?response=1MiB")
    return server


@WORLDS
def test_events_come_through_when_they_happen(server, first, second):
    deploy(server, "events", f"{first}-sse")
    deploy(server, "one", f"{second}-echo")
    deploy(server, "two", f"{first}-echo")
    chain(server, "events", "one", "two")
    with Upload(server, "/chain?events=3&delay=500", ["Content-Length: 0"]) as upload:
        began = time.monotonic()
        upload.receive_until(b"data: 1\n\n")
        assert time.monotonic() - began < 0.45
        assert b"text/event-stream" in upload.received and b"data: 2" not in upload.received
        assert server.sandboxes() == 3
        upload.receive_until(b"\r\n0\r\n\r\n")
        assert time.monotonic() - began > 0.9
    all_ended(server)


@WORLDS
def test_a_body_goes_through_while_it_arrives_and_its_trailers_after_it(server, first, second):
    deploy(server, "one", f"{first}-echo")
    deploy(server, "two", f"{second}-echo")
    chain(server, "one", "two")
    with Upload(server, "/chain", ["Transfer-Encoding: chunked", "TE: trailers", "Trailer: x-sum"]) as upload:
        for part in (b"first", b"second", b"third"):
            upload.send(part)
            upload.receive_until(part + b"\r\n")
        upload.socket.sendall(b"0\r\nx-sum: 42\r\n\r\n")
        received = upload.receive_until(b"\r\n0\r\nx-sum: 42\r\n\r\n")
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        upload.received = b""
        upload.socket.sendall(b"POST /chain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok")
        assert upload.receive_until(b"\r\n\r\nok"), "the connection goes on"


@WORLDS
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_537, 500_000])
def test_bodies_of_all_sizes(server, first, second, size):
    deploy(server, "one", f"{first}-echo")
    deploy(server, "two", f"{second}-echo")
    chain(server, "one", "two")
    body = bytes(range(256)) * (size // 256 + 1)
    for query in ("", "?length", "?copy&splice"):
        answer = server.request("POST", f"/chain{query}", body[:size])
        assert (answer.status, answer.body) == (200, body[:size])
        if query != "?length":  # with it, a client may be gone before the end, and is not in the log
            assert stages_of(server, answer) == [("one", 200), ("two", 200)]
    answer = server.request("HEAD", "/chain", body[:size])
    assert (answer.status, answer.body) == (200, b"")


@WORLDS
def test_bodies_larger_than_what_is_held(server, first, second):
    for name, world in (("one", first), ("two", second)):
        deploy(server, name, f"{world}-echo", "?request=1GiB&response=1GiB")
    chain(server, "one", "two")
    assert server.get("/chain").status == 200
    before, size = resident_bytes(server), 200 * MEBIBYTE
    block = bytes(range(256)) * 4096
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as wire:
        wire.sendall(f"POST /chain HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
        # A sender of its own, as the answer comes meanwhile.
        sender = threading.Thread(target=lambda: [wire.sendall(block) for _ in range(size // len(block))])
        sender.start()
        response = http.client.HTTPResponse(wire)
        response.begin()
        came, most = read_and_watch(response, server)
        sender.join()
    assert came == hashlib.sha256(block * (size // len(block))).digest()
    assert most - before < 30 * MEBIBYTE


@WORLDS
def test_a_client_that_reads_slowly_holds_all_stages_back(server, first, second):
    for name, world in (("one", first), ("two", second)):
        deploy(server, name, f"{world}-echo", "?request=1GiB&response=1GiB")
    chain(server, "one", "two")
    with Upload(server, "/chain", [f"Content-Length: {200 * MEBIBYTE}"]) as upload:
        # Nothing is read: what is sent stops being taken.
        assert send_until_held(upload.socket, 200 * MEBIBYTE) < 50 * MEBIBYTE
        assert server.sandboxes() == 2
    all_ended(server)


def test_a_flood_is_made_as_fast_as_it_is_read(server):
    deploy(server, "flood", "http2-bad", "?response=2GiB&cpu=60s")
    deploy(server, "echo", "http3-echo", "?request=2GiB&response=2GiB&cpu=60s")
    chain(server, "flood", "echo")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/chain?flood")
    response = connection.getresponse()
    before, total = resident_bytes(server), 0
    while total < 50 * MEBIBYTE:
        total += len(response.read(MEBIBYTE))
    assert resident_bytes(server) - before < 20 * MEBIBYTE
    connection.close()
    all_ended(server)


def test_a_client_that_leaves_ends_all_stages(server):
    deploy(server, "events", "http2-sse")
    deploy(server, "echo", "http3-echo")
    chain(server, "events", "echo", "echo")
    with Upload(server, "/chain?events=100&delay=20000", ["Content-Length: 0"]) as upload:
        upload.receive_until(b"data: 1\n\n")
        assert server.sandboxes() == 3
    all_ended(server)


def test_a_body_that_breaks_off_ends_all_stages(bad):
    chain(bad, "echo", "echo")
    with Upload(bad, "/chain") as upload:
        upload.send(b"first")
        upload.receive_until(b"first\r\n")
        upload.socket.sendall(b"no chunk\r\n")
        assert upload.is_cut_off()
    all_ended(bad)


def test_a_stage_that_fails_in_the_middle_cuts_off_what_was_sent(bad):
    chain(bad, "bad", "echo")
    with Upload(bad, "/chain?flood", ["Content-Length: 0"]) as upload:
        assert upload.is_cut_off()
    failure = bad.wait_for_log(event="failure", function="bad")
    assert failure["type"] == "response-too-large" and "stage `bad` of `chain`" in failure["reason"]
    line = bad.wait_for_log(event="request", function="chain")
    assert line["status"] == 200 and line["bytes"] > 0, "the answer had begun"
    assert [(stage["function"], stage["status"]) for stage in line["stages"]] == [("bad", 500), ("echo", 200)]
    all_ended(bad)


def test_a_stage_that_fails_in_the_middle_is_a_problem_while_nothing_was_sent(bad):
    deploy(bad, "frame", "exec-frame.wat")
    chain(bad, "bad", "echo", "frame")  # the last waits for all that `echo` makes
    answer = bad.request("POST", "/chain?flood")
    assert answer.problem == "response-too-large" and "stage `bad` of `chain`" in answer.json["detail"]
    assert stages_of(bad, answer)[0] == ("bad", answer.status)
    all_ended(bad)


@pytest.mark.parametrize("how, problem", [("never", "no-response"), ("trap-first", "trap"), ("error", "bad-response"),
                                          ("short", "bad-response"), ("trap", "trap")])
def test_a_later_stage_that_fails_ends_those_before(bad, how, problem):
    chain(bad, "echo", "bad")
    answer = bad.request("POST", f"/chain?{how}", b"x" * 3_000_000)
    assert answer.problem == problem and "stage `bad` of `chain`" in answer.json["detail"]
    assert stages_of(bad, answer) == [("echo", 200), ("bad", answer.status)]
    all_ended(bad)


def test_a_later_stage_that_does_not_read_ends_those_before(bad):
    chain(bad, "echo", "bad")
    answer = bad.request("POST", "/chain?unread", b"x" * 5 * MEBIBYTE)
    assert (answer.status, answer.text) == (200, "not read\n")
    all_ended(bad)
    deploy(bad, "events", "http3-sse")
    chain(bad, "events", "echo", "bad", "echo")
    answer = bad.get("/chain?events=1000&delay=1000")
    assert (answer.status, answer.text) == (200, "there is no events=1000&delay=1000\n")
    assert stages_of(bad, answer) == [(name, 200) for name in ("events", "echo", "bad", "echo")]
    all_ended(bad)


def test_a_later_stage_that_refuses_is_the_answer(bad):
    deploy(bad, "events", "http2-sse")
    deploy(bad, "app", "http2-echo")
    deploy(bad, "gate", "http2-gate.wat", "?compose=app")
    chain(bad, "events", "gate", "echo")
    answer = bad.get("/chain?events=1000&delay=1000")
    assert answer.status == 401
    assert stages_of(bad, answer) == [("events", 200), ("gate", 401)]
    all_ended(bad)
    answer = bad.get("/chain?events=3&delay=10", Authorization="me")
    assert (answer.status, answer.text) == (200, "data: 1\n\ndata: 2\n\ndata: 3\n\n")


def test_limits_are_those_of_each_stage(bad):
    deploy(bad, "small", "http2-echo", "?request=100KiB")
    deploy(bad, "frame", "exec-frame.wat")
    chain(bad, "echo", "small")
    assert bad.request("POST", "/chain", b"x" * 102_400).status == 200
    refused = bad.request("POST", "/chain?length", b"x" * 102_401)
    assert refused.problem == "body-too-large" and "stage `echo` of `chain`" in refused.json["detail"]
    assert stages_of(bad, refused) == [("echo", 413)], "refused at its Content-Length"
    with Upload(bad, "/chain") as upload:
        upload.send(b"x" * 60_000)
        upload.receive_until(b"x" * 1000)
        upload.send(b"x" * 60_000)
        assert upload.is_cut_off()
    chain(bad, "echo", "small", "frame")
    refused = bad.request("POST", "/chain", b"x" * 300_000)
    assert refused.problem == "body-too-large" and "stage `echo` of `chain`" in refused.json["detail"]
    all_ended(bad)


@pytest.mark.parametrize("limited", ["stage", "pipeline"])
def test_time_limits_hold_while_it_streams(bad, limited):
    deploy(bad, "events", "http2-sse", "?timeout=300ms" if limited == "stage" else "")
    chain(bad, "events", "echo", query="?timeout=300ms" if limited == "pipeline" else "")
    with Upload(bad, "/chain?events=100&delay=5000", ["Content-Length: 0"]) as upload:
        upload.receive_until(b"data: 1\n\n")
        assert upload.is_cut_off()
    assert bad.wait_for_log(event="failure")["type"] == "too-slow"
    all_ended(bad)


def test_a_function_that_runs_once_at_a_time_may_be_two_stages(server):
    deploy(server, "echo", "http2-echo", "?concurrency=1&request=20MiB&response=20MiB")
    chain(server, "echo", "echo")
    body = b"x" * 5 * MEBIBYTE
    began = time.monotonic()
    assert server.request("POST", "/chain", body).body == body
    assert time.monotonic() - began < 5, "the second did not wait for its queue time"


@WORLDS
def test_stages_may_share_a_sandbox(server, first, second):
    for name, world in (("one", first), ("two", second)):
        deploy(server, name, f"{world}-echo", f"?reuse=1000&reuse_concurrency={1 if world == 'http2' else 10}")
    chain(server, "one", "two", "one", "two", "two")
    body = bytes(range(256)) * 2000
    for _ in range(5):
        assert server.request("POST", "/chain?copy", body).body == body
    with Upload(server, "/chain") as upload:
        upload.send(b"first")
        upload.receive_until(b"first\r\n")
    assert server.request("POST", "/chain", body).body == body


def test_one_trace(server):
    deploy(server, "one", "http2-echo")
    deploy(server, "two", "http3-echo")
    chain(server, "one", "two", query="?timing=true")
    with Wire(server) as wire:
        wire.send(b"POST /chain HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000)
        answer = wire.read()
    assert answer.body == b"x" * 300_000
    line = server.wait_for_log(event="request", id=answer.fields("X-Request-Id")[0])
    assert [stage["function"] for stage in line["stages"]] == ["one", "two"]
    assert all(0 < stage["ns"] < line["us"] * 1000 for stage in line["stages"])
    assert line["guest_ns"] == sum(stage["guest_ns"] for stage in line["stages"])


def test_a_stage_is_swapped_under_load_without_a_failed_request(server):
    for name in ("one", "two", "three"):
        deploy(server, name, "http2-echo")
    deploy(server, "two", "http3-echo")
    chain(server, "one", "two", "three")
    body, stop, failures, answered = bytes(range(256)) * 1000, threading.Event(), [], []

    def client():
        while not stop.is_set():
            answer = server.request("POST", "/chain", body)
            (answered if (answer.status, answer.body) == (200, body) else failures).append(answer.status)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    for _ in range(20):
        version = next(made["version"] for made in server.show("two")["versions"] if not made["active"])
        assert server.request("POST", f"{FUNCTIONS}/two/rollback?version={version}").status == 200
        time.sleep(0.05)
    stop.set()
    for thread in clients:
        thread.join(30)
    assert not failures and len(answered) > 20
    all_ended(server)
