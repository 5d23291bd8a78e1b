"""What components import: all that is missing is named, and the network is reached through the rules."""

import pathlib
import socket
import time

import pytest

from conftest import GUESTS
from test_egress import Origin

COMPONENTS = GUESTS / "components"
DENIED, REFUSED = "!015", "!006"  # cases of wasi:http's error-code


def deploy(server, name, query=""):
    made = server.deploy(name, (COMPONENTS / f"{name}.wat").read_bytes(), query)
    assert made.status in (200, 201), made.text
    return made.json


def run(server, name, text):
    answer = server.request("POST", f"/{name}", text.encode())
    assert answer.status == 200, answer.text
    return answer.text


@pytest.mark.parametrize("imports, said", [
    ('(import "a:b/c" (instance (export "f" (func)) (export "g" (func (result string)))))',
     ["`a:b/c` (f, g): compose it with a deployed component that exports it: `?compose=NAME`"]),
    ('(import "a:b/c@1.2.3" (instance (export "f" (func)))) (import "d:e/f" (instance (export "g" (func))))',
     ["`a:b/c@1.2.3` (f)", "; `d:e/f` (g)"]),
    ('(import "fermyon:spin/key-value" (instance (export "r" (type $r (sub resource)))'
     ' (export "[method]r.get" (func (param "self" (borrow $r))))'
     ' (export "[static]r.open" (func (result (own $r))))))',
     ["`fermyon:spin/key-value` ([method]r.get, [static]r.open): of Spin"]),
    ('(import "wasi:nn/graph@0.2.0-rc-2024-10-28" (instance (export "load" (func))))', ["(load): no inference here"]),
    ('(import "wasi:cli/stdout@0.2.0" (instance (export "get-stdout" (func)) (export "get-more" (func))))',
     ["does not provide: `wasi:cli/stdout@0.2.0` (get-more): WASI 0.2 and 0.3"]),
    ('(import "plain" (func))', ["does not provide: `plain`"]),
    ('(import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result string)))))',
     ["provides with another type", "`wasi:cli/environment@0.2.0`", "`get-arguments` has the wrong type"]),
])
def test_everything_that_is_missing_is_named(server, imports, said):
    refused = server.deploy("f", f"(component {imports})".encode())
    assert refused.problem == "unknown-import"
    assert all(words in refused.json["detail"] for words in said), refused.json["detail"]


def test_a_long_list_of_missing_imports_is_cut(server):
    functions = " ".join(f'(export "f{number}" (func))' for number in range(30))
    many = " ".join(f'(import "a:b/c{number}" (instance (export "f" (func))))' for number in range(60))
    refused = server.deploy("f", f'(component (import "a:b/c" (instance {functions})) {many})'.encode())
    assert "f19 and 10 more)" in refused.json["detail"] and refused.json["detail"].endswith("; and 11 more")


def test_requests_go_where_the_rules_allow(server):
    with Origin() as origin:
        made = deploy(server, "exec-http", f"?allow=http=http://127.0.0.1:{origin.port}")
        assert made["capabilities"]["outside"] == [f"connect with http=http://127.0.0.1:{origin.port}"]
        assert run(server, "exec-http", f"127.0.0.1:{origin.port}") == "=200"
        assert [request[:2] for request in origin.requests] == [("GET", "/path")]
        assert origin.requests[0][2]["Host"] == f"127.0.0.1:{origin.port}"
        line = server.wait_for_log(event="request", target="/exec-http")
        assert (line["requests"], line["connections"]) == (1, 1) and line["received"] > 0
        assert run(server, "exec-http", "127.0.0.1:1") == DENIED
        said = server.wait_for_log(event="function", function="exec-http")["line"]
        assert said == "wasi:http: http://127.0.0.1:1 is not granted; grant it with allow=http=http://127.0.0.1:1"


def test_requests_are_denied_unless_granted(server):
    assert deploy(server, "exec-http")["capabilities"]["outside"] == []
    with Origin() as origin:
        assert run(server, "exec-http", f"127.0.0.1:{origin.port}") == DENIED
        assert origin.connections == 0


def test_a_failed_request_is_an_error_of_the_guest(server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        deploy(server, "exec-http", "?allow=http=*&allow=private")
        assert run(server, "exec-http", f"127.0.0.1:{port}") == REFUSED


def test_a_guest_that_waits_for_a_request_keeps_nobody_waiting(server):
    deploy(server, "exec-http", "?allow=http=*&allow=private&timeout=700ms")
    deploy(server, "exec-echo")
    with Origin() as origin, socket.create_connection(("127.0.0.1", server.port)) as waiting:
        origin.pause.clear()
        address = f"127.0.0.1:{origin.port}".encode()
        waiting.sendall(b"POST /exec-http HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(address), address))
        began = time.monotonic()
        assert all(run(server, "exec-echo", "1") == "1" for _ in range(20))
        assert time.monotonic() - began < 0.6
        assert b" 504 " in waiting.recv(200), "its own limit ends it"
