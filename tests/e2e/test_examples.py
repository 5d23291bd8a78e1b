"""Every example answers as its README says."""

import hashlib
import hmac
import http.server
import threading
import socket
import urllib.parse

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
        ("http-hello", "http", "/http-hello?name=Ada", "Hello, Ada!\n"),
        ("http3-stream", "http", "/http3-stream", "".join(f"data: {event}\n\n" for event in range(1, 6))),
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


def test_hello_exec(server):
    assert deploy(server, "hello-exec")["kind"] == "exec"
    answer = server.request("POST", "/hello-exec", '{"name":"Ada"}')
    assert (answer.text, answer.headers["Content-Type"]) == ('{"result":"Hello Ada, how are you?"}', "application/json")
    server.wait_for_log(event="function", line="--- Test output ---")
    for wrong in ("{}", '{"name":1}', "Ada"):
        assert server.request("POST", "/hello-exec", wrong).problem == "trap"


def test_fibonacci(server):
    deploy(server, "fibonacci")
    for n, result in ((0, 1), (1, 2), (7, 34), (44, 1836311903), (45, 2971215073), (46, 512559680)):
        assert server.request("POST", "/fibonacci", f'{{"n":{n}}}').json == {"result": result}
    for wrong in ("{}", '{"n":"7"}', '{"n":-1}', '{"n":7.5}', '{"n":4294967296}'):
        assert server.request("POST", "/fibonacci", wrong).problem == "trap"


class S3(http.server.BaseHTTPRequestHandler):
    """A bucket `my files` of two pages, for who signs with the key `key` and the secret `secret`."""

    PAGES = {"": [("a&amp;b.txt", 5), ("c.txt", 0)], "two/2": [("last.wasm", 2 ** 40)]}

    def log_message(self, *_):
        pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        parameters = dict(urllib.parse.parse_qsl(query))
        assert path == "/my%20files" and parameters.pop("list-type") == "2"
        entitled = self.headers["Authorization"] == self.signature(path, query)
        if entitled:
            token = parameters.get("continuation-token", "")
            entries = "".join(f"<Contents><Key>{key}</Key><Size>{size}</Size></Contents>" for key, size in self.PAGES[token])
            more = "" if token else "<NextContinuationToken>two/2</NextContinuationToken>"
            text = f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{entries}{more}</ListBucketResult>'
        else:
            text = "<Error><Code>SignatureDoesNotMatch</Code></Error>"
        self.send_response(200 if entitled else 403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def signature(self, path, query):
        """What Authorization has to be: AWS Signature Version 4."""
        time, payload = self.headers["X-Amz-Date"], self.headers["X-Amz-Content-Sha256"]
        signed = "host;x-amz-content-sha256;x-amz-date"
        request = "\n".join(["GET", path, "&".join(sorted(query.split("&"))), f"host:{self.headers['Host']}",
                             f"x-amz-content-sha256:{payload}", f"x-amz-date:{time}", "", signed, payload])
        scope = [time[:8], "eu-central-1", "s3", "aws4_request"]
        text = "\n".join(["AWS4-HMAC-SHA256", time, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()])
        key = b"AWS4secret"
        for part in [*scope, text]:
            key = hmac.new(key, part.encode(), "sha256").digest()
        return (f"AWS4-HMAC-SHA256 Credential=key/{'/'.join(scope)}, SignedHeaders={signed}, Signature={key.hex()}")


def test_s3_lists_a_bucket(server):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3) as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{origin.server_port}"
        settings = [("env", f"AWS_ENDPOINT_URL={endpoint}"), ("env", "AWS_REGION=eu-central-1"),
                    ("env", "AWS_ACCESS_KEY_ID=key"), ("env", "AWS_SECRET_ACCESS_KEY=secret"), ("allow", f"http={endpoint}")]
        deploy(server, "s3", query="?" + urllib.parse.urlencode(settings))
        listed = server.request("POST", "/s3", '{"bucket":"my files"}')
        origin.shutdown()
    assert listed.json == {"success": True, "files": [
        {"name": "a&b.txt", "size": 5}, {"name": "c.txt", "size": 0}, {"name": "last.wasm", "size": 2 ** 40}]}


def test_s3_says_that_it_could_not(server):
    deploy(server, "s3")
    assert server.request("POST", "/s3", '{"bucket":"b"}').json == {"success": False, "files": []}
