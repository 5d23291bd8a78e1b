"""What components import: all that is missing is named, and the network is reached through the rules."""

import pathlib
import socket
import time

import pytest

from conftest import GUESTS, until
from test_egress import Origin
from test_files import zipped

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


def test_interfaces_of_wasi_without_a_version(server):
    command = (COMPONENTS / "command.wat").read_text()
    bare = command.replace('(import "wasi:cli/stdout@0.2.0"', '(import "wasi:cli/stdout"').replace(
        '(import "wasi:io/streams@0.2.0"', '(import "wasi:io/streams"').replace(
        '(import "wasi:io/error@0.2.0"', '(import "wasi:io/error"')
    assert bare.count("@0.2.0") == 1, "its export"
    assert server.deploy("bare", bare.encode()).status == 201
    assert server.get("/bare").text == "hello\n"


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


NOT_PERMITTED, NO_ENTRY, READ_ONLY, TOO_FULL, TOO_MANY = "!031", "!020", "!033", "!023", "!022"  # of wasi:filesystem


def test_files_of_tmp(server):
    made = deploy(server, "exec-files")
    assert "use its own /tmp" in made["capabilities"]["inside"]
    assert run(server, "exec-files", "note") == "5ello"
    assert run(server, "exec-files", "note") == "5ello", "gone with the request"
    assert run(server, "exec-files", "../note") == NOT_PERMITTED
    assert run(server, "exec-files", "/tmp/note") == NOT_PERMITTED
    assert run(server, "exec-files", "no/note") == NO_ENTRY


def test_files_of_a_volume_and_of_a_bundle(make_server, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/out").symlink_to("/etc")
    server = make_server("--volume", f"shared={tmp_path}/shared")
    made = deploy(server, "exec-files", "?volume=shared:/data:rw")
    assert made["capabilities"]["outside"] == ["read and write files of volume shared under /data"]
    assert run(server, "exec-files", "note") == "5ello"
    assert (tmp_path / "shared/note").read_text() == "hello"
    assert run(server, "exec-files", "out/note") == NOT_PERMITTED

    component = (COMPONENTS / "exec-files.wat").read_text()
    assert server.deploy("reader", component.encode(), "?volume=shared:/data").status == 201
    assert run(server, "reader", "other") == READ_ONLY
    assert not (tmp_path / "shared/other").exists()
    assert server.deploy("bundled", zipped({"app.wat": component, "note": "mine"})).status == 201
    assert run(server, "bundled", "note") == READ_ONLY


def test_files_keep_their_limits(server):
    deploy(server, "exec-files", "?tmp=100B")
    assert run(server, "exec-files", "note") == TOO_FULL
    deploy(server, "exec-files", "?files=4")
    assert run(server, "exec-files", "note") == TOO_MANY, "three standard ones and /tmp"


# The name in the guest, one of another draft, and what is different there.
DRAFTS = [
    ("", "", ()),
    ("wasi:logging/logging", "wasi:logging/logging@0.1.0-draft", ()),
    ("wasi:config/store@0.2.0-rc.1", "wasi:config/store@0.2.0-draft-2024-09-27", ()),
    ("wasi:config/store@0.2.0-rc.1", "wasi:config/runtime@0.2.0-draft-2024-09-27", ()),
    ("0.2.0-draft\"", "0.2.0-draft2\"", ('"delta" u64', '"delta" s64', "result u64", "result s64")),
]


@pytest.mark.parametrize("name, other, changes", DRAFTS)
def test_configuration_log_and_values_under_every_name(server, name, other, changes):
    component = (COMPONENTS / "exec-kept.wat").read_text().replace(name, other)
    for before, after in zip(changes[::2], changes[1::2]):
        component = component.replace(before, after)
    made = server.deploy("kept", component.encode(), "?env=KEY=configured")
    assert made.status == 201, made.text
    assert made.json["can_only"] == ("write the log, keep values in memory for its other invocations,"
                                     " read the variable KEY")
    assert run(server, "kept", "KEY") == "configured"
    assert server.wait_for_log(event="function", function="kept")["line"] == "warn: kept: KEY"
    assert [run(server, "kept", "a") for _ in range(3)] == ["2", "4", "6"], "across requests"
    assert run(server, "kept", "b") == "2"
    server.deploy("twin", component.encode())
    assert run(server, "twin", "a") == "2", "of each function its own"


def test_a_query_configures_nothing(server):
    component = (COMPONENTS / "exec-kept.wat").read_bytes()
    server.deploy("kept", component)
    assert server.request("POST", "/kept?KEY=evil", b"KEY").text == "2"


ACCESS_DENIED, CONNECTION_REFUSED, SOCKET_LIMIT = "!001", "!014", "!010"  # of wasi:sockets


def test_connections_go_where_the_rules_allow(server):
    with Origin() as origin:
        made = deploy(server, "exec-tcp", f"?allow=tcp=127.0.0.1:{origin.port}")
        assert made["capabilities"]["outside"] == [f"connect with tcp=127.0.0.1:{origin.port}"]
        assert run(server, "exec-tcp", str(origin.port)) == "=000"
        line = server.wait_for_log(event="request", target="/exec-tcp")
        assert line["connections"] == 1
        until(lambda: origin.connections == 1, "the connection")
        assert run(server, "exec-tcp", "1") == ACCESS_DENIED
        said = server.wait_for_log(event="function", function="exec-tcp")["line"]
        assert said == "wasi:sockets: 127.0.0.1:1 is not granted; grant it with allow=tcp=127.0.0.1:1"
        deploy(server, "exec-tcp", f"?allow=tcp=127.0.0.1:{origin.port}&sockets=0")
        assert run(server, "exec-tcp", str(origin.port)) == SOCKET_LIMIT


def test_a_port_where_nobody_listens_refuses(server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        deploy(server, "exec-tcp", "?allow=tcp=*&allow=private")
        assert run(server, "exec-tcp", str(port)) == CONNECTION_REFUSED


def test_there_are_no_sockets_without_a_rule(server):
    deploy(server, "exec-tcp", "?allow=http=*&allow=private")
    assert run(server, "exec-tcp", "80") == ACCESS_DENIED
