"""Every example answers as its README says."""

import threading
import socket

import pytest

from conftest import EXAMPLES

PUZZLE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
SOLUTION = "534678912\n672195348\n198342567\n859761423\n426853791\n713924856\n961537284\n287419635\n345286179\n"


def deploy(server, folder, file=None, query=""):
    module = EXAMPLES / folder / (file or f"{folder}.wasm")
    answer = server.request("PUT", f"/_mayfly/v1/functions/{folder}{query}", module.read_bytes())
    assert answer.status == 201, answer.text
    return answer.json


@pytest.mark.parametrize(
    "folder, kind, target, expected",
    [
        ("answer", "run", "/answer", "42"),
        ("hello-wat", "command", "/hello-wat", "Hello World!\n"),
        ("hello-as", "command", "/hello-as?b=2&a=1", "Hello World!\n\nb: 2\na: 1\n"),
        ("hello-c", "command", "/hello-c?name=Ada", "Hello, Ada!\n"),
        ("hello-go", "command", "/hello-go?name=Ada", "Hello, Ada!\nThis is go1.26.8 on wasip1/wasm.\n"),
        ("sudoku", "command", f"/sudoku?puzzle={PUZZLE}", SOLUTION),
        ("greet-handle", "handle", "/greet-handle", "Hello world from wasm!\n"),
    ],
)
def test_example(server, folder, kind, target, expected):
    assert deploy(server, folder)["kind"] == kind
    answer = server.get(target)
    assert (answer.status, answer.text) == (200, expected)


def test_wat_source_is_an_upload_too(server):
    deploy(server, "answer", "answer.wat")
    assert server.get("/answer").text == "42"


def test_sudoku_without_a_puzzle_traps_and_says_so_in_the_log(server):
    deploy(server, "sudoku")
    answer = server.get("/sudoku")
    assert (answer.status, answer.problem) == (500, "trap")
    line = server.wait_for_log(event="trap", id=answer.json["instance"])
    assert "backtrace" in line and "backtrace" not in answer.text
    assert server.get("/sudoku?puzzle=" + "." * 81).text == "failed to solve\n"


def test_name_twice_reads_and_writes_json(server):
    assert deploy(server, "name-twice", "name_twice.wasm")["kind"] == "handler"
    answer = server.request("POST", "/name-twice", '{"name":"John"}')
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.text == '{"name_twice":"John John"}\n'


def test_greet_handle_keeps_reason_and_names_another_export(server):
    deploy(server, "greet-handle", query="?entry=bonjour")
    answer = server.get("/greet-handle")
    assert (answer.status, answer.reason, len(answer.body)) == (200, "Ok", 59)
    server.wait_for_log(event="function", line="Bonjour tout le monde!")


def test_cgi_env(server):
    assert deploy(server, "cgi-env", query="?cgi=true")["kind"] == "cgi"
    answer = server.get("/cgi-env/a%20b?x=1")
    assert answer.headers["X-Example"] == "cgi-env"
    assert answer.text.splitlines() == [
        "REQUEST_METHOD=GET", "SCRIPT_NAME=/cgi-env", "PATH_INFO=/a b", "QUERY_STRING=x=1",
        f"HTTP_HOST=127.0.0.1:{server.port}"]
    made = server.request("POST", "/cgi-env", b"\x00\xff body")
    assert (made.status, made.reason, made.body) == (201, "Created", b"\x00\xff body")
    moved = server.get("/cgi-env/redirect")
    assert (moved.status, moved.headers["Location"]) == (302, "/cgi-env")


def test_typed_calc(server):
    assert deploy(server, "typed-calc")["kind"] == "typed"
    for function, arguments, status, said in [
            ("add", '{"a":4294967295,"b":2}', 200, "1"), ("divide", '{"a":7,"b":-2}', 200, "-3"),
            ("mirror", '{"point":{"x":1,"y":-2}}', 200, '{"x":-1,"y":2}'),
            ("divide", '{"a":-2147483648,"b":-1}', 422, '"value":"the quotient is too large"')]:
        answer = server.request("POST", f"/typed-calc/calc/{function}", arguments)
        assert answer.status == status and said in answer.text


def test_tcp_backend_asks_the_backend_it_is_allowed(server):
    with socket.create_server(("127.0.0.1", 0)) as backend:
        port = backend.getsockname()[1]

        def answer_once():
            connection, _ = backend.accept()
            with connection:
                assert connection.recv(100) == b"hello\n"
                connection.sendall(b"pong from backend\n")

        thread = threading.Thread(target=answer_once, daemon=True)
        thread.start()
        configured = f"?env=/env/backend%3D127.0.0.1:{port}"
        deploy(server, "tcp-backend", query=f"{configured}&allow=tcp%3D127.0.0.1:{port}")
        answer = server.get("/tcp-backend")
        assert answer.text == "Hello world from wasm!\nanswer from backend:\npong from backend\n\n"
        assert answer.headers.get_all("Content-Length") == ["63"]
        thread.join(5)

    module = (EXAMPLES / "tcp-backend" / "tcp-backend.wasm").read_bytes()
    assert server.deploy("tcp-backend", module, configured).status == 200
    assert server.get("/tcp-backend").text == "could not connect to backend", "nothing is allowed by default"
