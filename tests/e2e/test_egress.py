"""What functions may connect to, and the HTTP requests that WAGI modules make."""

import http.server
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

import pytest

from conftest import certificate, until

OK, BUFFER, HEADER, UTF8, DENIED, METHOD, ENCODING, URL, REQUEST, SESSIONS = 0, 4, 5, 6, 7, 8, 9, 10, 11, 13
INVALID_HANDLE, MEMORY = 1, 3


class Origin:
    """An HTTP server on a thread per connection. Its requests are kept; `pause` holds the answers back."""

    def __init__(self, certificate=None):
        origin = self
        self.requests, self.connections, self.pause = [], 0, threading.Event()
        self.pause.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                origin.connections += 1

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                origin.requests.append((self.command, self.path, self.headers, body))
                origin.pause.wait(20)
                url = urllib.parse.urlparse(self.path)
                asked = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
                self.send_response(int(asked.get("status", 200)))
                for name, value in (("X-Answer", asked.get("answer", "yes")), ("Location", asked.get("to"))):
                    if value is not None:
                        self.send_header(name, value)
                content = b"x" * int(asked["size"]) if "size" in asked else b"answer to " + body
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 200
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pause.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path="/", host="127.0.0.1", scheme="http"):
        return f"{scheme}://{host}:{self.port}{path}"


class Asked:
    """What http-request.wat says of its request."""

    def __init__(self, output):
        (self.code, self.status, self.handle, self.header_code, self.headers_code, self.body_code, length,
         self.closed_code, header, headers) = struct.unpack("<10I", output[:40])
        texts = output[40:]
        self.header, self.headers, self.body = texts[:header], texts[header:header + headers], texts[header + headers:]
        assert len(self.body) == length


def request_of(url, method="GET", headers="", body=b"", times=1, into=0x180000):
    parts = [part.encode() if isinstance(part, str) else part for part in (method, url, headers, body)]
    return struct.pack("<6I", times, into, *map(len, parts)) + b"".join(parts)


def ask(server, url, name="ask", **request):
    answer = server.request("POST", f"/{name}", request_of(url, **request))
    assert answer.status == 200, answer.text
    return Asked(answer.body)


def deploy(server, *allow, name="ask", **options):
    query = [*(("allow", capability) for capability in allow), *options.items(), ("accept", "any")]
    answer = server.deploy(name, "http-request", "?" + urllib.parse.urlencode(query))
    assert answer.status in (200, 201), answer.text


@pytest.fixture
def origin():
    with Origin() as running:
        yield running


def test_a_request_and_all_of_its_answer(server, origin):
    deploy(server, f"http={origin.url('')}")
    asked = ask(server, origin.url("/a%20b?answer=42"), method="POST", headers="X-Mine: 1\nx-other:2\nX-Mine:3\n",
                body=b"a question")
    assert (asked.code, asked.status, asked.header, asked.body) == (OK, 200, b"42", b"answer to a question")
    assert b"x-answer:42\n" in asked.headers and b"content-length:20\n" in asked.headers
    assert (asked.header_code, asked.headers_code, asked.body_code, asked.closed_code) == (OK, OK, OK, INVALID_HANDLE)
    [(method, path, headers, body)] = origin.requests
    assert (method, path, body) == ("POST", "/a%20b?answer=42", b"a question")
    assert headers.get_all("X-Mine") == ["3"] and headers["X-Other"] == "2"
    assert headers["Host"] == f"127.0.0.1:{origin.port}"


def test_what_a_function_used_is_in_its_log_line_and_in_the_metrics(server, origin):
    deploy(server, f"http={origin.url('')}")
    ask(server, origin.url(), method="POST", body=b"a question")
    ask(server, "http://127.0.0.2/")
    used = server.wait_for_log(event="request", function="ask", requests=1)
    assert used["connections"] == 1 and used["sent"] >= len("a question") and used["received"] >= len("answer to ")
    assert server.wait_for_log(event="request", function="ask", egress_refused=1).get("requests") is None
    for name, value in (("connections", 1), ("requests", 1), ("refused", 1), ("sent_bytes", used["sent"]),
                        ("received_bytes", used["received"])):
        assert f'mayfly_egress_{name}_total{{function="ask"}} {value}\n' in server.get("/_mayfly/metrics").text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method(server, origin, method):
    deploy(server, f"http={origin.url('')}")
    asked = ask(server, origin.url("/?status=404"), method=method)
    assert (asked.code, asked.status, origin.requests[0][0]) == (OK, 404, method)
    assert asked.body == (b"" if method == "HEAD" else b"answer to ")


def test_a_large_answer_and_a_large_question(server, origin):
    deploy(server, f"http={origin.url('')}")
    assert ask(server, origin.url(f"/?size={2 << 20}")).body == b"x" * (2 << 20)
    question = bytes(range(256)) * 2000
    assert ask(server, origin.url(), method="PUT", body=question).body == b"answer to " + question
    assert ask(server, origin.url(f"/?size={17 << 20}")).code == REQUEST
    assert "answered more than" in server.wait_for_log(event="function")["line"]


def test_what_is_not_allowed(server, origin):
    for allow, url, said in (
            ([], origin.url(), f"{origin.url('')} is not granted; grant it with allow=http={origin.url('')}"),
            (["http=*"], origin.url(),
             f"{origin.url('')} is a loopback address; grant it with allow=http={origin.url('')}"),
            (["http=*"], "http://169.254.169.254/latest/meta-data",
             "http://169.254.169.254 is a link-local address; grant it with allow=http=http://169.254.169.254"),
            (["http=*", f"tcp=127.0.0.1:{origin.port}"], origin.url(host="[::ffff:127.0.0.1]"),
             f"{origin.url('')} is a loopback address; grant it with allow=http={origin.url('')}"),
            ([f"http=https://127.0.0.1:{origin.port}"], origin.url(),
             f"{origin.url('')} is not granted; grant it with allow=http={origin.url('')}"),
            ([f"http={origin.url('')}"], origin.url(host="localhost"),
             f"http://localhost:{origin.port} is not granted; "
             f"grant it with allow=http=http://localhost:{origin.port}")):
        deploy(server, *allow)
        assert ask(server, url).code == DENIED, (allow, url)
        server.wait_for_log(event="function", line=f"req: {said}")
    assert origin.requests == []


def test_what_is_allowed(server, origin):
    for allow, host in ((["http=http://localhost:*"], "localhost"), (["http=*", "private"], "127.0.0.1"),
                        (["http=*", "private"], "[::ffff:127.0.0.1]"), (["http=*://127.0.0.1:*"], "127.0.0.1"),
                        (["http=*://127.0.0.1:*"], "2130706433")):
        deploy(server, *allow)
        assert ask(server, origin.url(host=host)).code == OK, (allow, host)


def test_the_codes_of_a_bad_request(server, origin):
    deploy(server, f"http={origin.url('')}")
    for code, request in ((URL, {"url": "no url"}), (URL, {"url": "ftp://127.0.0.1/"}), (URL, {"url": ""}),
                          (METHOD, {"method": "GE T"}), (METHOD, {"method": ""}), (ENCODING, {"headers": "no colon"}),
                          (ENCODING, {"headers": "a b: c"}), (ENCODING, {"headers": "a: b\x01"}),
                          (UTF8, {"headers": b"a: \xff"}), (UTF8, {"url": b"\xff"})):
        assert ask(server, request.pop("url", origin.url()), **request).code == code, (code, request)
    assert ask(server, "http://127.0.0.1:1/").code == DENIED
    cut = struct.pack("<6I", 1, 0x180000, 3, 0xFFFFFFF0, 0, 0) + b"GET"
    assert Asked(server.request("POST", "/ask", cut).body).code == BUFFER
    assert origin.requests == []


def test_the_codes_of_what_is_read(server, origin):
    deploy(server, f"http={origin.url('')}")
    long = ask(server, origin.url("/?answer=12345678901234567"))
    assert (long.header_code, long.header, long.headers_code) == (BUFFER, b"", OK)
    many = ask(server, origin.url(f"/?answer={'x' * 5000}"))
    assert (many.headers_code, many.headers) == (BUFFER, b"")
    far = ask(server, origin.url(), into=0x7FFFFFFF)
    assert (far.body_code, far.body) == (MEMORY, b"")
    none = ask(server, "http://127.0.0.1:1/", into=0)
    assert (none.header_code, none.headers_code, none.body_code) == (INVALID_HANDLE,) * 3


def test_responses_that_are_not_closed_are_counted(server, origin):
    deploy(server, f"http={origin.url('')}", http_responses=3)
    assert ask(server, origin.url(), times=3).code == OK
    assert ask(server, origin.url(), times=4).code == SESSIONS
    assert len(origin.requests) == 6


def test_a_server_that_is_not_there(server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    deploy(server, "http=http://127.0.0.1:*", "http=http://no-such-name.invalid")
    assert ask(server, f"http://127.0.0.1:{port}/").code == REQUEST
    server.wait_for_log(event="function", line=f"req: http://127.0.0.1:{port} cannot be connected to")
    assert ask(server, "http://no-such-name.invalid/").code == REQUEST


def test_redirects_are_followed_as_far_as_allowed(server, origin):
    with Origin() as other:
        deploy(server, f"http={origin.url('')}")
        to = urllib.parse.quote(origin.url("/?answer=there"))
        assert ask(server, origin.url(f"/?status=302&to={to}"), method="POST", body=b"b").header == b"there"
        assert [(request[0], request[3]) for request in origin.requests] == [("POST", b"b"), ("GET", b"")]
        assert ask(server, origin.url(f"/?status=307&to={urllib.parse.quote(other.url())}")).code == DENIED
        assert other.requests == []
        assert ask(server, origin.url("/?status=302&to=%3Fstatus=302%26to=")).status == 302, "to nowhere"


def test_waiting_for_an_answer_holds_up_nobody(make_server, origin):
    server = make_server("--threads", "1")
    deploy(server, f"http={origin.url('')}")
    server.deploy("run", "run")
    origin.pause.clear()
    results = []
    waiting = [threading.Thread(target=lambda: results.append(ask(server, origin.url()).code)) for _ in range(50)]
    for thread in waiting:
        thread.start()
    until(lambda: len(origin.requests) == 50, "50 requests")
    started = time.monotonic()
    for _ in range(50):
        assert server.get("/run").text == "42"
    assert time.monotonic() - started < 2
    origin.pause.set()
    for thread in waiting:
        thread.join(20)
    assert results == [OK] * 50


def test_connections_are_kept(make_server, origin):
    server = make_server("--threads", "1")
    deploy(server, f"http={origin.url('')}")
    for _ in range(20):
        assert ask(server, origin.url()).code == OK
    assert (len(origin.requests), origin.connections) == (20, 1)


def test_a_function_that_ends_while_it_waits(server, origin):
    deploy(server, f"http={origin.url('')}", timeout="200ms")
    origin.pause.clear()
    answer = server.request("POST", "/ask", request_of(origin.url()))
    assert (answer.status, answer.problem) == (504, "too-slow")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        body = request_of(origin.url())
        client.sendall(b"POST /ask HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        until(lambda: len(origin.requests) == 2, "the request")
    until(lambda: server.sandboxes() == 0, "the sandboxes to be free")
    origin.pause.set()
    assert ask(server, origin.url()).code == OK


def test_the_environment_has_no_proxy_for_functions(make_server, origin):
    with Origin() as proxy:
        server = make_server(env={"http_proxy": proxy.url(), "HTTP_PROXY": proxy.url(), "ALL_PROXY": proxy.url()})
        deploy(server, f"http={origin.url('')}")
        assert ask(server, origin.url()).code == OK
        assert proxy.requests == []


def test_certificates_are_checked(make_server, tmp_path):
    trusted, stranger = certificate(tmp_path, "localhost"), certificate(tmp_path, "stranger.example")
    with Origin(trusted) as good, Origin(stranger) as bad:
        allow = [f"http={origin.url('', 'localhost', 'https')}" for origin in (good, bad)]
        server = make_server(env={"SSL_CERT_FILE": str(trusted[0])})
        deploy(server, *allow)
        assert ask(server, good.url("/", "localhost", "https")).code == OK
        assert ask(server, bad.url("/", "localhost", "https")).code == REQUEST
        assert bad.requests == []
        server.stop()
        server.env = None
        server.start()
        assert ask(server, good.url("/", "localhost", "https")).code == REQUEST, "not one of the system's"
        assert len(good.requests) == 1


def test_capabilities_are_shown_and_kept(server):
    allow = ["tcp=db.example:5432", "http=https://api.example.com", "private"]
    deploy(server, *allow)
    assert server.show("ask")["settings"]["allow"] == allow
    server.stop()
    server.start()
    assert server.show("ask")["settings"]["allow"] == allow


@pytest.mark.parametrize("allow", ["http=api.example.com", "http=ftp://a", "http=https://a/path", "tcp=host", "fs=/",
                                   "tcp=*.example.com:443"])
def test_a_capability_that_means_nothing_is_refused(server, allow):
    answer = server.deploy("ask", "http-request", f"?allow={urllib.parse.quote(allow)}")
    assert (answer.status, answer.problem) == (400, "bad-option")
    assert f"`{allow.split('=', 1)[1]}`" in answer.json["detail"] or allow in answer.json["detail"]


def test_tcp_to_addresses_that_are_not_public(server):
    with socket.create_server(("127.0.0.1", 0)) as backend:
        port = backend.getsockname()[1]
        for allow, to, status, said in (
                ("tcp=*", f"127.0.0.1:{port}", 404,
                 f"127.0.0.1:{port} is a loopback address; grant it with allow=tcp=127.0.0.1:{port}"),
                ("tcp=*", "10.0.0.5:80", 404, "10.0.0.5:80 is a private address; grant it with allow=tcp=10.0.0.5:80"),
                ("tcp=*", f"localhost:{port}", 404,
                 f"localhost:{port} leads to 127.0.0.1, a loopback address; grant it with "
                 f"allow=tcp=127.0.0.1:{port}, or all such addresses with allow=private"),
                (f"tcp=127.0.0.1:{port}", f"127.0.0.1:{port}", 200, None),
                (f"tcp=localhost:{port}", f"localhost:{port}", 200, None),
                ("tcp=*&allow=private", f"[::ffff:127.0.0.1]:{port}", 200, None)):
            server.deploy("connect", "tcp-connect", f"?env=to%3D{to}&allow={allow.replace('=', '%3D', 1)}&accept=any")
            assert server.get("/connect").status == status, (allow, to)
            if said:
                server.wait_for_log(event="function", line=f"tcp_connect: {said}")
