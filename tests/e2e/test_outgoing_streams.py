"""Requests of components: their bodies stream both ways, who is slow holds the other back, what breaks off is an error."""

import contextlib
import hashlib
import http.client
import socket
import threading
import time

import pytest

from conftest import GUESTS, Upload, Wire, read_and_watch, resident_bytes, send_until_held, until
from test_http_components import BOTH, MEBIBYTE


def deploy(server, world, query=""):
    component = (GUESTS / f"components/{world}-fetch.wasm").read_bytes()
    made = server.deploy(f"{world}-fetch", component, "?allow=http=*&allow=private" + query)
    assert made.status == 201, made.text
    server.wait_for_optimised(f"{world}-fetch")


class Peer:
    """Who the function asks: the test plays it, on one connection after another."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.listener.close()

    @contextlib.contextmanager
    def asked(self):
        """The connection of a request, whose head has come."""
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as file:
            connection.settimeout(10)
            lines = iter(file.readline, b"\r\n")
            yield Asked(connection, file, [line.decode().strip() for line in lines])


class Asked:
    def __init__(self, connection, file, head):
        self.socket, self.file, self.head = connection, file, head

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def chunk(self):
        """The next chunk of the request's body, and its last with the trailers."""
        size = int(self.file.readline(), 16)
        if size == 0:
            return list(iter(self.file.readline, b"\r\n"))
        bytes = self.file.read(size)
        assert self.file.readline() == b"\r\n"
        return bytes


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def request(peer, world, *fields):
    lines = [f"GET /{world}-fetch?http://127.0.0.1:{peer.port}/path HTTP/1.1", "Host: localhost", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def is_cut_off(wire):
    """Whether the connection ends without the last chunk."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := wire.socket.recv(65536):
            received += more
    return b"0\r\n" not in received


def head_of(wire):
    return b"".join(iter(wire.file.readline, b"\r\n"))


@pytest.fixture
def peer():
    with Peer() as running:
        yield running


@BOTH
def test_a_response_comes_as_the_peer_sends_it(server, peer, world):
    deploy(server, world)
    with Wire(server) as wire:
        wire.send(request(peer, world, "TE: trailers", "Connection: keep-alive, TE"))
        with peer.asked() as asked:
            assert asked.head[0] == "GET /path HTTP/1.1"
            assert not any(line.lower().startswith(("transfer-encoding", "content-length")) for line in asked.head)
            assert "TE: trailers" in asked.head and "Connection: TE" in asked.head
            asked.send(CHUNKED)
            assert head_of(wire).startswith(b"HTTP/1.1 200 OK"), "before the body"
            for part in (b"first", b"second"):
                asked.send(b"%x\r\n%s\r\n" % (len(part), part))
                assert wire.file.readline() == b"%x\r\n" % len(part)
                assert wire.file.readline() == part + b"\r\n"
            asked.send(b"0\r\nx-sum: 42\r\nconnection: close\r\n\r\n")
            assert list(iter(wire.file.readline, b"\r\n")) == [b"0\r\n", b"x-sum: 42\r\n"]
    line = server.wait_for_log(event="request", function=f"{world}-fetch")
    assert (line["requests"], line["connections"]) == (1, 1)


@BOTH
def test_a_request_goes_as_the_function_writes_it(server, peer, world):
    deploy(server, world)
    target = f"/{world}-fetch?http://127.0.0.1:{peer.port}/path"
    with Upload(server, target) as upload:
        upload.send(b"first")
        with peer.asked() as asked:
            assert asked.head[0] == "POST /path HTTP/1.1" and "Transfer-Encoding: chunked" in asked.head
            assert asked.chunk() == b"first"
            upload.send(b"second")
            assert asked.chunk() == b"second"
            upload.socket.sendall(b"0\r\nx-sum: 42\r\n\r\n")
            assert asked.chunk() == [b"x-sum: 42\r\n"]
            asked.send(b"HTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok")
            assert upload.receive_until(b"ok").startswith(b"HTTP/1.1 201 ")


@BOTH
def test_a_known_length_is_told(server, peer, world):
    deploy(server, world)
    with Wire(server) as wire:
        wire.send(request(peer, world, "Content-Length: 10").replace(b"GET", b"POST") + b"12345")
        with peer.asked() as asked:
            assert "Content-Length: 10" in asked.head and "Transfer-Encoding: chunked" not in asked.head
            assert asked.file.read(5) == b"12345"
            wire.send(b"67890")
            assert asked.file.read(5) == b"67890"
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert wire.read().body == b"ok"


@BOTH
def test_a_client_that_breaks_off_breaks_the_request_off(server, peer, world):
    deploy(server, world)
    with Upload(server, f"/{world}-fetch?http://127.0.0.1:{peer.port}/path") as upload:
        upload.send(b"first")
        with peer.asked() as asked:
            assert asked.chunk() == b"first"
            upload.socket.close()
            assert asked.socket.recv(100) == b"", "no last chunk"
    until(lambda: server.sandboxes() == 0, "the sandbox to go")


def pour(asked, size, block):
    """All of it, or as much as is taken."""
    with contextlib.suppress(OSError):
        for _ in range(size // len(block)):
            asked.send(block)


@BOTH
def test_a_response_larger_than_what_is_held(make_server, peer, world):
    server = make_server()
    deploy(server, world, "&response=1GiB")
    with Wire(server) as wire:  # what the first costs
        wire.send(request(peer, world))
        with peer.asked() as asked:
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert wire.read().body == b"ok"
    before, block = resident_bytes(server), bytes(range(256)) * 4096
    size = 300 * MEBIBYTE
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(request(peer, world))
        with peer.asked() as asked:
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            sender = threading.Thread(target=pour, args=(asked, size, block))
            sender.start()
            response = http.client.HTTPResponse(wire)
            response.begin()
            came, most = read_and_watch(response, server)
            sender.join()
    assert came == hashlib.sha256(block * (size // len(block))).digest()
    assert most - before < 20 * MEBIBYTE


@BOTH
def test_a_request_larger_than_what_is_held(make_server, peer, world):
    server = make_server()
    deploy(server, world, "&request=1GiB")
    size, block, came = 100 * MEBIBYTE, bytes(range(256)) * 4096, hashlib.sha256()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(request(peer, world, f"Content-Length: {size}").replace(b"GET", b"PUT"))
        sender = threading.Thread(target=pour, args=(Asked(wire, None, []), size, block))
        sender.start()
        with peer.asked() as asked:
            before, most = resident_bytes(server), 0
            while size > 0:
                part = asked.file.read(MEBIBYTE)
                size -= len(part)
                came.update(part)
                most = max(most, resident_bytes(server))
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        sender.join()
        response = http.client.HTTPResponse(wire)
        response.begin()
        assert response.read() == b"ok"
    assert came.digest() == hashlib.sha256(block * 100).digest()
    assert most - before < 20 * MEBIBYTE


@BOTH
@pytest.mark.parametrize("head, part", [(CHUNKED, b"5\r\nfirst\r\n"),
                                        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"first")])
def test_a_response_that_breaks_off_is_no_whole_one(server, peer, world, head, part):
    deploy(server, world)
    with Wire(server) as wire:
        wire.send(request(peer, world))
        with peer.asked() as asked:
            asked.send(head, part)
            assert head_of(wire).startswith(b"HTTP/1.1 200 OK")
            assert wire.file.readline() == b"5\r\n" and wire.file.readline() == b"first\r\n"
        assert is_cut_off(wire)
    said = server.wait_for_log(event="function", function=f"{world}-fetch")["line"]
    assert said.startswith(f"wasi:http: http://127.0.0.1:{peer.port}: "), said


def test_a_peer_that_does_not_go_on_is_late(server, peer):
    deploy(server, "http2")
    with Wire(server) as wire:
        wire.send(request(peer, "http2", "between-bytes: 200"))
        with peer.asked() as asked:
            asked.send(CHUNKED, b"5\r\nfirst\r\n")
            assert head_of(wire).startswith(b"HTTP/1.1 200 OK")
            began = time.monotonic()
            assert is_cut_off(wire)
            assert 0.1 < time.monotonic() - began < 5
    assert "did not go on within the 200 ms" in server.wait_for_log(event="function", function="http2-fetch")["line"]


def test_a_function_that_does_not_read_holds_the_peer_back(server, peer):
    deploy(server, "http2", "&response=1GiB")
    with Wire(server, timeout=20) as wire:
        wire.send(request(peer, "http2", "between-bytes: 100", "hold: 1500"))
        with peer.asked() as asked:
            size = 64 * MEBIBYTE
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            before = resident_bytes(server)
            sent = send_until_held(asked.socket, size)
            assert sent < 16 * MEBIBYTE, "what the kernel holds, and 128 KiB"
            assert resident_bytes(server) - before < 2 * MEBIBYTE
            asked.socket.settimeout(10)
            sender = threading.Thread(target=asked.send, args=(b"x" * (size - sent),))
            sender.start()
            assert len(wire.read().body) == size, "it was the function that did not go on: nobody is late"
            sender.join()


@BOTH
def test_a_client_that_leaves_ends_the_request(server, peer, world):
    deploy(server, world, "&response=1GiB")
    with Wire(server) as wire:
        wire.send(request(peer, world))
        with peer.asked() as asked:
            asked.send(CHUNKED, b"5\r\nfirst\r\n")
            head_of(wire)
            assert wire.file.readline() == b"5\r\n"
            wire.file.close()
            wire.socket.close()
            assert asked.socket.recv(100) == b""
    until(lambda: server.sandboxes() == 0, "the sandbox to go")


@BOTH
def test_a_peer_that_answers_before_it_has_read_all(server, peer, world):
    deploy(server, world, "&request=1GiB")
    size = 64 * MEBIBYTE
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(request(peer, world, f"Content-Length: {size}").replace(b"GET", b"PUT"))
        sender = threading.Thread(target=pour, args=(Asked(wire, None, []), size, b"x" * 65536), daemon=True)
        sender.start()
        with peer.asked() as asked:
            asked.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!")
            response = http.client.HTTPResponse(wire)
            response.begin()
            assert (response.status, response.read()) == (413, b"no!")
