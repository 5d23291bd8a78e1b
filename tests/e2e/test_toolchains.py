"""Components as the tool chains of several languages make them answer what their sources say."""

import pathlib
import subprocess

import pytest

from conftest import GUESTS, ROOT

COMPONENTS = GUESTS / "components"


@pytest.fixture(scope="session")
def large():
    """The folder of the components that are not kept in the tree; `make test` has built them before."""
    done = subprocess.run([ROOT / "scripts/guests_setup.sh"], stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return pathlib.Path(done.stdout.strip())


def deploy(server, name, kind, folder=COMPONENTS):
    made = server.deploy(name, (folder / f"{name}.wasm").read_bytes())
    assert made.status == 201, made.text
    assert made.json["kind"] == kind


@pytest.mark.parametrize("name, text", [
    ("http-hello-c", "Hello World!\n"),
    ("http2-hello", "Hello, World!\n"),
    ("http3-hello", "Hello, World!\n"),
])
def test_http_hello(server, name, text):
    deploy(server, name, "http")
    for _ in range(3):
        answer = server.get(f"/{name}")
        assert (answer.status, answer.text) == (200, text)
        assert answer.headers["Content-Type"] == "text/plain" and answer.headers["Content-Length"] == str(len(text))


@pytest.mark.parametrize("name", ["http2-echo", "http3-echo"])
@pytest.mark.parametrize("query", ["", "?copy", "?splice", "?length"])
def test_http_echo(server, name, query):
    deploy(server, name, "http")
    for body in (b"", b"abc", bytes(range(256)) * 4000):
        answer = server.request("POST", f"/{name}{query}", body, {"Content-Type": "text/x"})
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, body, "text/x")


@pytest.mark.parametrize("name", ["http2-sse", "http3-sse"])
def test_http_events(server, name):
    deploy(server, name, "http")
    answer = server.get(f"/{name}?events=4&delay=10")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert answer.text == "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n"


def test_exec_made_with_c(server):
    deploy(server, "exec-hello-c", "exec")
    answer = server.request("POST", "/exec-hello-c", '{"a": [1, "\u20ac"]}'.encode())
    assert (answer.status, answer.json) == (200, {"hello": {"a": [1, "\u20ac"]}})


def test_exec_made_with_go(server, large):
    deploy(server, "exec-go", "exec", large)
    answer = server.request("POST", "/exec-go", '"b a \u20ac a"'.encode())
    assert (answer.status, answer.json) == (200, {"sorted": ["a", "a", "b", "\u20ac"], "words": 4})
    server.wait_for_log(event="function", line="sorted in Go")
    assert server.request("POST", "/exec-go", "{").problem == "trap"


def test_http_made_with_javascript(server, large):
    deploy(server, "http-js", "http", large)
    answer = server.request("POST", "/http-js?a=b")
    assert (answer.status, answer.text) == (200, "post /http-js?a=b from JavaScript\n")
    assert server.get("/http-js").text == "get /http-js from JavaScript\n"


def test_http_made_with_python(server, large):
    deploy(server, "http-python", "http", large)
    answer = server.request("POST", "/http-python?a=b", '{"b": [1, "\u20ac"], "a": null}'.encode())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == {"target": "/http-python?a=b", "body": {"b": [1, "\u20ac"], "a": None}}
    assert server.get("/http-python").json["body"] is None
    assert server.request("POST", "/http-python", "{").problem == "trap"
    assert server.request("POST", "/http-python", f'"{"x" * 300_000}"').json["body"] == "x" * 300_000
