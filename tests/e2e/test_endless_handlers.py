"""Handlers that keep going: their clients leave in every phase, or read slowly, many at once."""

import socket
import struct
import time

import pytest

from conftest import Server, Wire, until
from test_http_components import MEBIBYTE, Upload, deploy, resident_bytes

ENDLESS = "events=1000000000&delay=0"
NO_BODY = ["Content-Length: 0"]
LINGER_FOR_NOTHING = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets


@pytest.fixture(scope="module")
def running(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("endless") / "data").start()
    for name in ("http2-bad", "http2-sse", "http3-sse", "http2-echo", "http3-echo"):
        deploy(server, name, "?cpu=30s&timeout=30s&request=1GiB&response=1GiB")
    yield server
    assert server.stop() == 0


# What is asked for, what is sent of its body, and what has come when the client leaves.
PHASES = {
    "http2 before it answers": ("http2-bad?loop-first", None, None),
    "http2 that loops after its first bytes": ("http2-bad?loop", None, None),
    "http2 that sends without end": ("http2-bad?flood", None, b"xxxx"),
    "http2 that sends events without end": (f"http2-sse?{ENDLESS}", None, b"data: 9\n\n"),
    "http3 that sends events without end": (f"http3-sse?{ENDLESS}", None, b"data: 9\n\n"),
    "http2 that waits": ("http2-sse?events=2&delay=200000", None, b"data: 1\n\n"),
    "http3 that waits": ("http3-sse?events=2&delay=200000", None, b"data: 1\n\n"),
    "http2 that waits for a body": ("http2-echo", b"", None),
    "http3 that waits for a body": ("http3-echo", b"", None),
    "http2 in the middle of a body": ("http2-echo", b"part", b"part"),
    "http3 in the middle of a body": ("http3-echo", b"part", b"part"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_ends_it(running, phase, how):
    target, body, seen = PHASES[phase]
    with Upload(running, f"/{target}", NO_BODY if body is None else ["Transfer-Encoding: chunked"]) as client:
        if body:
            client.send(body)
        if seen:
            client.receive_until(seen)
        until(lambda: running.sandboxes() == 1, "the handler to run")
        if how == "reset":
            client.socket.setsockopt(*LINGER_FOR_NOTHING)
    until(lambda: running.sandboxes() == 0, "the handler to end", seconds=3)


@pytest.mark.parametrize("target", ["http2-bad?flood", f"http2-sse?{ENDLESS}", f"http3-sse?{ENDLESS}"])
def test_a_client_that_reads_nothing_leaves(running, target):
    with Upload(running, f"/{target}", NO_BODY):
        time.sleep(0.3)  # until nothing more fits between the two
        assert running.sandboxes() == 1
    until(lambda: running.sandboxes() == 0, "the handler to end", seconds=3)


def read_slowly(clients, seconds):
    """Each of them a KiB a second; returns what came."""
    came = 0
    for _ in range(seconds):
        began = time.monotonic()
        for client in clients:
            came += len(client.socket.recv(1024))
        time.sleep(max(0, began + 1 - time.monotonic()))
    return came


@pytest.mark.parametrize("target", ["http2-bad?flood", f"http3-sse?{ENDLESS}"])
def test_many_clients_that_read_slowly(make_server, target):
    running = make_server()
    name = target.partition("?")[0]
    deploy(running, name, "?cpu=30s&timeout=30s&response=1GiB")
    before, clients = resident_bytes(running), []
    try:
        for _ in range(100):
            clients.append(Wire(running, receive_buffer=4096))
            clients[-1].send(f"GET /{target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        came = read_slowly(clients, 3)
        assert came == 3 * 100 * 1024 and running.sandboxes() == 100
        grown = resident_bytes(running) - before
        print(f"{target}: {grown / 100 / 1024:.0f} KiB for each client")
        assert grown < 100 * MEBIBYTE
        assert running.get("/_mayfly/v1/health").json["status"] == "ok"
    finally:
        for client in clients:
            client.__exit__()
    until(lambda: running.sandboxes() == 0, "all handlers to end")
