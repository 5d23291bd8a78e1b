"""Seeds 001 and 004: applications of a TOML file, whose functions set their response and talk TCP."""

import os
import shutil
import socket
import struct
import threading
import time

import pytest

from conftest import EXAMPLES, GUESTS, Server, Wire, until

GREETING = "Hello world from wasm!\n"
BONJOUR = "Bonjour tout le monde depuis le monde merveilleux de WASM!\n"


class Backend:
    """A TCP server. Each connection is handled on a thread of its own, by what the test gives."""

    def __init__(self, handle):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.handle = handle
        self.accepted = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        with connection:
            self.handle(connection)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def pong(connection):
    assert connection.recv(100) == b"hello\n"
    connection.sendall(b"pong from backend\n")


def refused_port():
    """A port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.fixture
def folder(tmp_path):
    """The working directory: `file_path` is relative to it."""
    (tmp_path / "functions").mkdir()
    for module in ("greet-handle/greet-handle.wasm", "tcp-backend/tcp-backend.wasm", "answer/answer.wasm"):
        shutil.copy(EXAMPLES / module, tmp_path / "functions")
    for guest in ("handle", "trap", "bad-pointer", "silent-handle", "exit-zero", "unknown-import"):
        shutil.copy(GUESTS / f"{guest}.wat", tmp_path / "functions")
    return tmp_path


def application(file, url_path, method="GET", **more):
    """One [[applications]]; further keys as they are written in TOML."""
    lines = [f'file_path = "functions/{file}"', f'method = "{method}"', f'url_path = "{url_path}"']
    return "\n".join(["[[applications]]", *lines, *(f"{key} = {value}" for key, value in more.items()), ""])


@pytest.fixture
def start(make_server, folder):
    def start(*applications, listen="127.0.0.1:0"):
        (folder / "config.toml").write_text("\n".join(applications))
        return make_server("--config", "config.toml", cwd=folder, listen=listen)

    return start


def backend_application(address, url_path="/backend", **more):
    return application("tcp-backend.wasm", url_path, env=f'{{ "/env/backend" = "{address}" }}', **more)


# --- Routes ------------------------------------------------------------------------------------------------------


def test_the_sample_configuration(start):
    """As in the seed's samples/config.toml; `function` of the last is the default."""
    with Backend(pong) as backend:
        server = start(
            'listen_address = "127.0.0.1:0"\n',
            application("greet-handle.wasm", "/hello", function='"hello"'),
            application("greet-handle.wasm", "/bonjour", function='"bonjour"'),
            backend_application(backend.address), listen=None)
        with Wire(server) as wire:
            for target, body in (("/hello", GREETING), ("/bonjour", BONJOUR),
                                 ("/backend", GREETING + "answer from backend:\npong from backend\n\n")):
                wire.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
                answer = wire.read()
                assert (answer.status, answer.reason, answer.text) == (200, "Ok", body)
                assert answer.fields("Content-Length") == [str(len(body))]
        server.wait_for_log(event="function", line="Hello world with api!")
        server.wait_for_log(event="function", line="Bonjour tout le monde!")


def test_the_address_on_the_command_line_wins(start):
    server = start('listen_address = "127.0.0.1:1"\n', application("greet-handle.wasm", "/hello"))
    assert server.port != 1
    assert server.get("/hello").text == GREETING


def test_a_route_is_exact(start):
    server = start(application("greet-handle.wasm", "/a/b"),
                   application("greet-handle.wasm", "/q?x=1", function='"bonjour"'))
    assert server.get("/a/b").text == GREETING
    assert server.get("/q?x=1").text == BONJOUR, "the seed compares with the query"
    for target in ("/a", "/a/b/", "/a/b/c", "/A/b", "/a%2Fb", "/", "/q", "/q?x=2"):
        assert server.get(target).status == 404, target


def test_a_route_has_its_method(start):
    server = start(application("greet-handle.wasm", "/hello"),
                   application("greet-handle.wasm", "/hello", "POST", function='"bonjour"'),
                   application("greet-handle.wasm", "/put", "PUT"))
    assert server.get("/hello").text == GREETING
    assert server.request("POST", "/hello").text == BONJOUR
    head = server.request("HEAD", "/hello")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(GREETING)))
    refused = server.request("DELETE", "/hello")
    assert (refused.status, refused.problem, refused.headers["Allow"]) == (405, "method-not-allowed", "GET, HEAD, POST")
    assert server.get("/put").headers["Allow"] == "PUT"


def test_a_route_of_the_method_head(start):
    server = start(application("greet-handle.wasm", "/hello", "HEAD"))
    assert server.request("HEAD", "/hello").status == 200


def test_the_last_of_two_equal_routes_wins(start):
    server = start(application("greet-handle.wasm", "/hello", function='"hello"'),
                   application("greet-handle.wasm", "/hello", function='"bonjour"'))
    assert server.get("/hello").text == BONJOUR


def test_a_route_comes_before_a_function_of_its_name(start):
    server = start(application("greet-handle.wasm", "/hello"))
    server.deploy("hello", "run")
    assert server.get("/hello").text == GREETING
    assert server.get("/hello?x=1").text == GREETING


def test_reason_headers_and_body_are_as_the_function_set_them(start):
    server = start(application("handle.wat", "/made"))
    with Wire(server) as wire:
        wire.send(b"GET /made HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = wire.read()
    assert (answer.status, answer.reason, answer.body) == (201, "Made", b"hi")
    assert answer.lines[0] == "X-a: b"


def test_a_request_with_many_headers_in_two_packets(start):
    """17 headers closed the connection of the seed, two packets span it for ever."""
    server = start(application("greet-handle.wasm", "/hello"))
    fields = "".join(f"X-{number}: {'y' * 200}\r\n" for number in range(60))
    request = f"GET /hello HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode()
    with Wire(server) as wire:
        wire.send(request[:7000])
        assert server.get("/hello").text == GREETING
        wire.send(request[7000:])
        assert wire.read().text == GREETING


@pytest.mark.parametrize(
    "file, status, slug",
    [("trap.wat", 500, "trap"), ("bad-pointer.wat", 500, "trap"), ("silent-handle.wat", 502, "no-response")],
)
def test_a_function_that_fails_is_an_error_and_no_more(start, file, status, slug):
    """Any of these ended the process of the seed."""
    function = '"_start"' if file == "trap.wat" else '"handle"'
    server = start(application(file, "/bad", function=function), application("greet-handle.wasm", "/hello"))
    for _ in range(3):
        answer = server.get("/bad")
        assert (answer.status, answer.problem) == (status, slug)
        assert answer.json["error"] == answer.json["detail"]
        assert server.get("/hello").text == GREETING


def test_other_kinds_of_functions_have_routes_too(start):
    server = start(application("answer.wasm", "/answer", function='"run"'),
                   application("exit-zero.wat", "/empty", "POST", function='"_start"'))
    assert server.get("/answer").text == "42"
    assert server.request("POST", "/empty").status == 200


# --- A configuration that cannot be used -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config, said",
    [
        ("listen_address = = 1", "config.toml:1:18: "),
        ("\n[[applications]\n", "config.toml:2:16: "),
        ('listen_address = "nowhere"\n' + application("greet-handle.wasm", "/a"), "nowhere"),
        ('[[applications]]\nfile_path = "a"\nurl_path = "/a"\n', "config.toml:1:1: [[applications]] has no `method`"),
        (application("greet-handle.wasm", "/a", function="1"), "config.toml:5:12: `function`"),
        (application("greet-handle.wasm", "/a", allow='["nowhere"]'), "config.toml:5:10: "),
        (application("nowhere.wasm", "/a"), "functions/nowhere.wasm"),
        (application("greet-handle.wasm", "/a", function='"salut"'),
         "functions/greet-handle.wasm: the module has no function `salut` without parameters: it exports "),
        (application("../config.toml", "/a"), "functions/../config.toml: "),
        (application("greet-handle.wasm", "/a") + application("unknown-import.wat", "/b"), "env.teleport"),
    ],
    ids=["TOML", "bracket", "address", "no method", "function", "allow", "no file", "no export", "no module", "import"],
)
def test_the_start_is_refused_with_a_clear_message(binary, folder, config, said):
    (folder / "config.toml").write_text(config)
    server = Server(binary, folder / "data", "--config", "config.toml", cwd=folder)
    with pytest.raises(RuntimeError) as refused:
        server.start(listen=None if "listen_address" in config else "127.0.0.1:0")
    assert server.process.wait(timeout=5) == 1
    assert said in str(refused.value)


def test_a_missing_configuration_is_named(binary, folder):
    server = Server(binary, folder / "data", "--config", "no-such.toml", cwd=folder)
    with pytest.raises(RuntimeError, match="no-such.toml"):
        server.start()
    assert server.process.wait(timeout=5) == 1


def test_unknown_keys_are_ignored(start):
    server = start('title = "seed"\n', application("greet-handle.wasm", "/hello", colour='"red"'), "[other]\na = 1\n")
    assert server.get("/hello").text == GREETING


# --- Backends ----------------------------------------------------------------------------------------------------


def test_slow_backends_block_nobody(start):
    """50 calls wait for a backend that says nothing, while 100 others are answered."""
    released = threading.Event()

    def slow(connection):
        released.wait(30)
        pong(connection)

    with Backend(slow) as backend:
        server = start(backend_application(backend.address), application("greet-handle.wasm", "/hello"))
        waiting = [Wire(server, timeout=30) for _ in range(50)]
        try:
            for wire in waiting:
                wire.send(b"GET /backend HTTP/1.1\r\nHost: h\r\n\r\n")
            until(lambda: backend.accepted == 50, "50 calls to reach the backend")
            slowest = 0.0
            for _ in range(100):
                started = time.monotonic()
                assert server.get("/hello").text == GREETING
                slowest = max(slowest, time.monotonic() - started)
            assert slowest < 0.5
            released.set()
            assert {wire.read().text for wire in waiting} == {GREETING + "answer from backend:\npong from backend\n\n"}
        finally:
            for wire in waiting:
                wire.__exit__()


def test_a_slow_backend_is_waited_for_until_the_limit(server):
    """The wall-clock limit holds while a function waits; and costs no CPU time."""
    with Backend(lambda connection: connection.recv(100) and connection.recv(1)) as backend:
        module = (EXAMPLES / "tcp-backend" / "tcp-backend.wasm").read_bytes()
        configured = f"env=/env/backend%3D{backend.address}&allow=tcp%3D{backend.address}"
        server.deploy("slow", module, f"?{configured}&timeout=300ms&cpu=100ms")
        started = time.monotonic()
        answer = server.get("/slow")
        assert (answer.status, answer.problem) == (504, "too-slow")
        assert 0.3 <= time.monotonic() - started < 2
        assert "300 ms" in answer.json["detail"]


def test_what_a_backend_may_do(start):
    """Refuse, close at once, close after the question, reset, answer in pieces."""

    def reset(connection):
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def pieces(connection):
        connection.recv(100)
        connection.sendall(b"po")
        time.sleep(0.02)
        connection.sendall(b"ng")

    said = GREETING + "answer from backend:\n"
    def early(connection):
        connection.recv(100)

    with Backend(early) as closes, Backend(reset) as resets, Backend(pieces) as talks:
        server = start(
            backend_application(f"127.0.0.1:{refused_port()}", "/refused"),
            backend_application(closes.address, "/early"),
            backend_application(resets.address, "/reset"), backend_application(talks.address, "/pieces"),
            backend_application("127.0.0.1", "/no-port"), application("tcp-backend.wasm", "/unset"))
        for target, status, texts in (
                ("/refused", 500, ["could not connect to backend"]),
                ("/early", 200, [said + "\n"]),
                ("/reset", 500, ["could not read from backend server"]),
                ("/pieces", 200, [said + "po\n", said + "pong\n"]),
                ("/no-port", 500, ["could not connect to backend"]),
                ("/unset", 500, ["could not get value for key /env/backend"])):
            answer = server.get(target)
            assert answer.status == status and answer.text in texts, (target, answer.text)
            assert answer.reason == ("Ok" if status == 200 else "Server error")


def descriptors(server):
    return os.listdir(f"/proc/{server.process.pid}/fd")


def test_many_backend_connections_leak_nothing(start):
    """The seed kept every one, and refused to make more after about a thousand."""
    with Backend(pong) as backend:
        server = start(backend_application(backend.address))
        before = len(descriptors(server))
        with Wire(server) as wire:
            for _ in range(30):
                wire.send(b"GET /backend HTTP/1.1\r\nHost: h\r\n\r\n" * 50)
                assert [wire.read().status for _ in range(50)] == [200] * 50
        assert backend.accepted == 1500
        until(lambda: len(descriptors(server)) < before + 20, "the sockets to be closed")


def test_allow_narrows_where_it_may_connect(start):
    with Backend(pong) as one, Backend(pong) as other:
        server = start(
            backend_application(one.address, "/one", allow=f'["{one.address}"]'),
            backend_application(other.address, "/other", allow=f'["tcp={one.address}"]'),
            backend_application(other.address, "/both", allow=f'["{one.address}", "tcp=127.0.0.1:*"]'),
            backend_application(one.address, "/none", allow="[]"),
            backend_application(f"localhost:{one.port}", "/name", allow=f'["{one.address}"]'),
            backend_application(one.address, "/any"))
        wanted = {"/one": 200, "/other": 500, "/both": 200, "/none": 500, "/name": 500, "/any": 200}
        assert {target: server.get(target).status for target in wanted} == wanted
        assert (one.accepted, other.accepted) == (2, 1), "what is not allowed is not tried"
        refused = server.wait_for_log(
            event="function", line=f"tcp_connect: {other.address} is not granted; grant it with allow=tcp={other.address}")
        assert refused["function"].startswith("tcp-backend:")
    server.stop()
    assert "warning" in server.stderr and "allow" in server.stderr


def test_there_is_no_warning_when_every_application_is_narrowed(start):
    server = start(application("greet-handle.wasm", "/hello", allow="[]"))
    server.stop()
    assert server.stderr == ""
