"""What handlers of wasi:http 0.3 do with streams, futures and waits: the same, whether mayfly runs it or, as the handler
may send requests, Wasmtime's asynchronous functions do; each request in a fresh sandbox, or several in one."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import GUESTS, Server, Upload

HOW = {
    "plain": ("http3-streams", ""),
    "plain, reused": ("http3-streams", "?reuse=50&reuse_concurrency=8"),
    "concurrent": ("http3-streams-client", ""),
    "concurrent, reused": ("http3-streams-client", "?reuse=50&reuse_concurrency=8"),
}
BODY = bytes(range(256)) * 300


@pytest.fixture(scope="module", params=HOW)
def streams(request, binary, tmp_path_factory):
    name, query = HOW[request.param]
    server = Server(binary, tmp_path_factory.mktemp("streams") / "data").start()
    made = server.deploy("streams", (GUESTS / f"components/{name}.wasm").read_bytes(), query)
    assert made.status == 201, made.text
    server.wait_for_optimised("streams")
    yield server
    server.stop()


def sum_of(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) % (1 << 64)
    return total


INSIDE = b"".join(bytes([part]) * 777 for part in range(100))
LARGE = b"".join(bytes([part]) * 100_000 for part in range(64))
ANSWERS = {
    "nothing": (200, ""),
    "unread": (200, "not read\n"),
    "inside": (200, f"{len(INSIDE)} {sum_of(INSIDE)}\n"),
    "nobody": (200, "true 10\n"),
    "cancel": (200, "false false 0 [4, 5]\n"),
    "early": (200, "false\n"),
    "exact": (200, "four"),
    "sent": (200, "body\n"),
    "trailers": (200, "body\n"),
    "wait": (200, "true\n"),
    "leave-wait": (200, "false\n"),
    "yield": (200, "yielded\n"),
    "after": (200, "before\n"),
    "large": (200, LARGE.decode("latin-1")),
    "other": (200, "there is no other\n"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_what_handlers_do(streams, what):
    status, text = ANSWERS[what]
    for _ in range(3):
        answer = streams.get(f"/streams/{what}")
        assert (answer.status, answer.body.decode("latin-1")) == (status, text)


def test_many_at_once(streams):
    with ThreadPoolExecutor(16) as pool:
        for what, answer in pool.map(lambda what: (what, streams.get(f"/streams/{what}")), list(ANSWERS) * 8):
            assert (answer.status, answer.body.decode("latin-1")) == ANSWERS[what], what


def test_the_head_of_a_request(streams):
    answer = streams.get("/streams?head", **{"X-Test": "a b", "Host": "example.org:80"})
    assert answer.text == 'GET /streams?head true example.org:80 true false ["a b"]\n'


def test_fields(streams):
    answer = streams.get("/streams/fields")
    assert (answer.status, answer.headers["x-found"], answer.headers.get_all("b")) == (299, "true true 2 0 true 299", ["3", "4"])


@pytest.mark.parametrize("body", [b"", b"x", BODY], ids=["empty", "short", "long"])
def test_a_body_is_read(streams, body):
    answer = streams.request("POST", "/streams/sum", body)
    assert answer.text == f"{len(body)} {sum_of(body)} []\n"


@pytest.mark.parametrize("pause", [0, 0.1])
def test_a_body_that_comes_in_parts(streams, pause):
    with Upload(streams, "/streams/sum", ["Transfer-Encoding: chunked", "Trailer: x-sum"]) as upload:
        for part in (b"first", b"second"):
            time.sleep(pause)
            upload.send(part)
        upload.socket.sendall(b"0\r\nx-sum: 42\r\n\r\n")
        found = f'11 {sum_of(b"firstsecond")} ["x-sum=42"]\n'
        assert found.encode() in upload.receive_until(b"]\n")


def test_a_part_of_a_body(streams):
    assert streams.request("POST", "/streams/part", BODY).text == "\0\1\2\3\n"


def test_trailers(streams):
    connection = http.client.HTTPConnection("127.0.0.1", streams.port, timeout=30)
    connection.putrequest("GET", "/streams/trailers")
    connection.putheader("TE", "trailers")
    connection.endheaders()
    received = b""
    while not received.endswith(b"\r\n\r\n") or b"0\r\n" not in received:
        received += connection.sock.recv(65536)
    assert received.endswith(b"5\r\nbody\n\r\n0\r\nx-end: reached\r\n\r\n")


@pytest.mark.parametrize("what, problem, text", [
    ("error", "bad-response", "on purpose"),
    ("panic", "trap", "unreachable"),
    ("short", "bad-response", "content-length"),
])
def test_errors_say_what_was_wrong(streams, what, problem, text):
    answer = streams.get(f"/streams/{what}")
    assert answer.problem == problem and text in answer.json["detail"], answer.text
    assert streams.get("/streams/exact").text == "four", "others go on"


@pytest.mark.parametrize("what", ["long", "bad-end"])
def test_a_response_that_goes_wrong_is_broken_off(streams, what):
    try:
        answer = streams.get(f"/streams/{what}")
        assert answer.problem == "bad-response", answer.text
    except (http.client.IncompleteRead, ConnectionError, http.client.BadStatusLine):
        pass
    assert streams.get("/streams/exact").text == "four", "others go on"
