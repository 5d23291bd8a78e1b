"""wasi:http 0.2 and 0.3: bodies stream both ways, clients leave, handlers do what they should not."""

import hashlib
import http.client
import socket
import threading
import time

import pytest

from conftest import GUESTS, Upload, Wire, read_and_watch, resident_bytes, send_until_held, until

COMPONENTS = GUESTS / "components"
BOTH = pytest.mark.parametrize("world", ["http2", "http3"])
MEBIBYTE = 1 << 20


def deploy(server, name, query=""):
    made = server.deploy(name, (COMPONENTS / f"{name}.wasm").read_bytes(), query)
    assert made.status == 201, made.text
    server.wait_for_optimised(name)


@BOTH
def test_a_body_comes_back_while_it_is_still_arriving(server, world):
    deploy(server, f"{world}-echo")
    with Upload(server, f"/{world}-echo", ["Transfer-Encoding: chunked", "TE: trailers", "Trailer: x-sum"]) as upload:
        for part in (b"first", b"second", b"third"):
            upload.send(part)
            upload.receive_until(part + b"\r\n")
        upload.socket.sendall(b"0\r\nx-sum: 42\r\n\r\n")
        received = upload.receive_until(b"\r\n0\r\nx-sum: 42\r\n\r\n")
        assert received.startswith(b"HTTP/1.1 200 OK\r\n") and b"Transfer-Encoding: chunked" in received
        # The connection goes on.
        upload.received = b""
        upload.socket.sendall(b"POST /%s-echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok" % world.encode())
        assert upload.receive_until(b"\r\n\r\nok").startswith(b"HTTP/1.1 200 OK\r\n")


@BOTH
def test_trailers_of_a_body_that_arrives_at_once(server, world):
    deploy(server, f"{world}-echo")
    with Upload(server, f"/{world}-echo", ["Transfer-Encoding: chunked", "TE: trailers", "Trailer: x-sum",
                                           "Connection: close\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 42"]) as upload:
        assert upload.receive_until(b"\r\n0\r\nx-sum: 42\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


@BOTH
def test_trailers_are_for_who_asks_for_them(server, world):
    deploy(server, f"{world}-echo")
    with Upload(server, f"/{world}-echo") as upload:
        upload.send(b"body")
        upload.socket.sendall(b"0\r\nx-sum: 42\r\n\r\n")
        until(lambda: b"body" in upload.received or upload.receive_until(b"body"), "the body")
        assert b"x-sum" not in upload.received


@BOTH
def test_bodies_larger_than_what_is_held(make_server, world):
    server = make_server()
    deploy(server, f"{world}-echo", "?request=1GiB&response=1GiB")
    assert server.get(f"/{world}-echo").status == 200
    before = resident_bytes(server)
    size = 300 * MEBIBYTE
    block = bytes(range(256)) * 4096
    sent = hashlib.sha256()

    def blocks():
        for _ in range(size // len(block)):
            sent.update(block)
            yield block

    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as wire:
        wire.sendall(f"POST /{world}-echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
        # A sender of its own, as the answer comes meanwhile.
        sender = threading.Thread(target=lambda: [wire.sendall(part) for part in blocks()])
        sender.start()
        response = http.client.HTTPResponse(wire)
        response.begin()
        came, most = read_and_watch(response, server)
        sender.join()
    assert came == sent.digest()
    assert most - before < 20 * MEBIBYTE


@BOTH
def test_a_client_that_reads_slowly_holds_its_handler_back(make_server, world):
    server = make_server()
    deploy(server, f"{world}-echo", "?request=1GiB&response=1GiB")
    with Upload(server, f"/{world}-echo", [f"Content-Length: {200 * MEBIBYTE}"]) as upload:
        # Nothing is read: what is sent stops being taken.
        assert send_until_held(upload.socket, 200 * MEBIBYTE) < 50 * MEBIBYTE
    until(lambda: server.sandboxes() == 0, "the handler of a client that left to end")


@BOTH
def test_events_are_sent_when_they_happen(server, world):
    deploy(server, f"{world}-sse")
    with Upload(server, f"/{world}-sse?events=3&delay=300", ["Content-Length: 0"]) as upload:
        began = time.monotonic()
        upload.receive_until(b"data: 1\n\n")
        assert time.monotonic() - began < 0.25 and b"text/event-stream" in upload.received
        upload.receive_until(b"data: 3\n\n")
        assert time.monotonic() - began > 0.5


@BOTH
def test_a_client_that_leaves_ends_its_handler(server, world):
    deploy(server, f"{world}-sse")
    with Upload(server, f"/{world}-sse?events=100&delay=20000", ["Content-Length: 0"]) as upload:
        upload.receive_until(b"data: 1\n\n")
        assert server.sandboxes() == 1
    until(lambda: server.sandboxes() == 0, "the handler to end", seconds=2)
    logged = server.wait_for_log(event="request", function=f"{world}-sse")
    assert (logged["status"], logged["bytes"]) == (200, len("data: 1\n\n"))


@BOTH
def test_a_client_that_leaves_before_its_answer(server, world):
    deploy(server, f"{world}-count")
    with Wire(server) as wire:
        wire.send(f"GET /{world}-count?wait=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: server.sandboxes() == 1, "the handler to begin")
    logged = server.wait_for_log(event="request", function=f"{world}-count")
    assert (logged["status"], logged["bytes"]) == (499, 0)
    assert logged["instantiate_ns"] > 0 and logged["memory"] > 0, "what it has used"


@BOTH
def test_a_body_that_stops_in_the_middle(server, world):
    deploy(server, f"{world}-echo")
    with Upload(server, f"/{world}-echo") as upload:
        upload.send(b"first")
        upload.receive_until(b"first")
    until(lambda: server.sandboxes() == 0, "the handler to end", seconds=2)


@BOTH
def test_a_body_that_breaks_its_framing(server, world):
    deploy(server, f"{world}-echo")
    with Upload(server, f"/{world}-echo") as upload:
        upload.send(b"first")
        upload.receive_until(b"first\r\n")
        upload.socket.sendall(b"no chunk\r\n")
        assert upload.is_cut_off()
    assert server.sandboxes() == 0


@BOTH
def test_a_body_beyond_its_limit(server, world):
    deploy(server, f"{world}-echo", "?request=100KiB")
    assert server.request("POST", f"/{world}-echo", b"x" * 102_401).problem == "body-too-large"
    with Upload(server, f"/{world}-echo") as upload:
        upload.send(b"x" * 60_000)
        upload.receive_until(b"x" * 1000)
        upload.socket.sendall(b"f000\r\n")
        assert upload.is_cut_off()


def test_a_large_limit_is_for_those_who_stream(server):
    made = server.deploy("command", (COMPONENTS / "command.wat").read_bytes(), "?request=65MiB")
    assert made.problem == "bad-option" and "at most 64 MiB" in made.json["detail"]


def test_a_body_that_nobody_reads(server):
    deploy(server, "http2-bad")
    for body in (b"short", b"x" * 5 * MEBIBYTE):
        answer = server.request("POST", "/http2-bad?unread", body)
        assert (answer.status, answer.text) == (200, "not read\n")


@BOTH
def test_a_length_that_the_handler_says(server, world):
    deploy(server, f"{world}-echo")
    body = b"x" * 200_000
    answer = server.request("POST", f"/{world}-echo?length", body)
    assert (answer.headers["Content-Length"], answer.headers["Transfer-Encoding"]) == ("200000", None)
    assert answer.body == body


BAD = {
    "never": ("no-response", "without setting a response"),
    "trap-first": ("trap", "unreachable"),
    "error": ("bad-response", "on purpose"),
    "twice": ("trap", "unknown handle"),
    "short": ("bad-response", "did not finish"),
    "long": ("bad-response", "did not finish"),
    "drop": ("bad-response", "did not finish"),
    "trap": ("trap", "unreachable"),
    "too-much": ("trap", "exceeded budget"),
}


@pytest.mark.parametrize("what", BAD)
def test_handlers_that_do_what_they_should_not(server, what):
    deploy(server, "http2-bad")
    problem, detail = BAD[what]
    answer = server.get(f"/http2-bad?{what}")
    assert (answer.problem, detail in answer.json["detail"]) == (problem, True), answer.text
    assert server.get("/http2-bad?no-body").status == 200, "its neighbours are well"
    assert server.sandboxes() == 0


def test_handlers_that_are_only_strange(server):
    deploy(server, "http2-bad")
    assert server.get("/http2-bad?keep").text == "kept\n"
    refused = server.get("/http2-bad?header").text.splitlines()
    assert len(refused) == 7 and all("Err(HeaderError" in line for line in refused)
    assert server.request("POST", "/http2-bad?slow", b"12345678").text == "8 bytes\n"


def test_a_handler_that_loops_after_its_first_bytes(server):
    deploy(server, "http2-bad", "?cpu=100ms")
    with Wire(server) as wire:
        wire.send(b"GET /http2-bad?loop HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = wire.read()
        assert answer.status == 504
    assert server.sandboxes() == 0


def test_a_flood_is_taken_as_fast_as_it_is_read(make_server):
    server = make_server()
    deploy(server, "http2-bad", "?response=2GiB&cpu=60s")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/http2-bad?flood")
    response = connection.getresponse()
    before, total = resident_bytes(server), 0
    while total < 100 * MEBIBYTE:
        total += len(response.read(MEBIBYTE))
    assert resident_bytes(server) - before < 20 * MEBIBYTE
    connection.close()
    until(lambda: server.sandboxes() == 0, "the flood to end", seconds=5)


def test_compiled_code_is_kept(make_server):
    server = make_server()
    deploy(server, "http3-hello")
    server.stop()
    (cached,) = [file for file in (server.data / "cache").iterdir() if file.stat().st_size > 100_000]
    before = cached.stat().st_mtime_ns
    server.start()
    assert server.get("/http3-hello").text == "Hello, World!\n"
    assert cached.stat().st_mtime_ns == before
