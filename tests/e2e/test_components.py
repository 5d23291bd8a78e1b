"""Components: what each world is called with, what it answers, and what is refused."""

import pathlib

import pytest

from conftest import Wire, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "tests/guests/components"
HELLO = (ROOT / "bench/peers/hello-http.wat").read_bytes()


def deploy(server, name, query=""):
    module = HELLO if name == "hello-http" else (COMPONENTS / f"{name}.wat").read_bytes()
    made = server.deploy(name, module, query)
    assert made.status in (200, 201), made.text
    return made.json


def test_a_wasi_http_handler(make_server):
    server = make_server()
    assert deploy(server, "hello-http")["kind"] == "http"
    for _ in range(3):
        answer = server.get("/hello-http")
        assert (answer.status, answer.text) == (200, "Hello World!\n")
        assert answer.headers["Content-Type"] == "text/plain" and answer.headers["Content-Length"] == "13"
    assert server.request("HEAD", "/hello-http").body == b""
    server.stop()
    server.start()
    assert server.get("/hello-http").text == "Hello World!\n", "compiled anew when first called"


def test_a_response_beyond_its_limit(server):
    deploy(server, "hello-http", "?response=12B")
    assert server.get("/hello-http").problem == "response-too-large"


def test_a_command(server):
    made = deploy(server, "command")
    assert (made["kind"], made["can_only"]) == ("command", "write stdout and stderr")
    answer = server.get("/command")
    assert (answer.text, answer.headers["Content-Type"]) == ("hello\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize("text", ['{"a": [1, 2]}', "", "\u20ac", "x" * 300_000],
                         ids=["object", "empty", "euro", "large"])
def test_exec_answers_json_with_json(server, text):
    assert deploy(server, "exec-echo")["kind"] == "exec"
    answer = server.request("POST", "/exec-echo", text.encode())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == text.encode()


def test_a_component_keeps_its_limits(server):
    deploy(server, "exec-loop", "?cpu=30ms")
    deploy(server, "exec-echo", "?memory=1MiB")
    assert server.get("/exec-loop").problem == "too-slow"
    assert server.request("POST", "/exec-echo", b"x" * 900_000).status == 200
    assert server.request("POST", "/exec-echo", b"x" * 1_100_000).problem == "out-of-memory"
    assert server.request("POST", "/exec-echo", b"1").body == b"1"


def test_a_component_that_loops_delays_no_other(server):
    deploy(server, "exec-loop", "?cpu=2s")
    deploy(server, "exec-echo")
    with Wire(server) as looping:
        looping.send(b"POST /exec-loop HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        until(lambda: server.sandboxes() == 1, "the loop to run")
        assert all(server.request("POST", "/exec-echo", b"1").body == b"1" for _ in range(20))


@pytest.mark.parametrize("text, problem, said", [
    ('(component (import "a:b/c" (instance (export "f" (func)))))', "unknown-import", "a:b/c"),
    ("(component)", "no-entry-point", "it exports nothing"),
    ("(component (core module $m))(", "bad-module", ""),
    ('(component (instance $i) (export "a:b/c" (instance $i)))', "no-entry-point", "it exports a:b/c"),
])
def test_what_is_refused(server, text, problem, said):
    refused = server.deploy("f", text.encode())
    assert refused.problem == problem and said in refused.json["detail"], refused.text
