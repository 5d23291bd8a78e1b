"""HTTP/1.1 over real sockets: order, framing, limits, deadlines, slow and broken clients, the drain."""

import os
import re
import signal
import socket
import struct
import threading
import time

import pytest

from conftest import EXAMPLES, Server, Wire, read_to_end, until

KIB = 1024
MIB = 1024 * KIB
END = b"\r\n\r\n"


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """One for all of these tests: none of them may leave it worse."""
    server = Server(binary, tmp_path_factory.mktemp("http") / "data").start()
    for name in ("run", "cat", "flood", "sleep", "trap"):
        assert server.deploy(name, name).status == 201
    yield server
    until(lambda: gauge(server, "mayfly_sandboxes") == 0, "the sandboxes of clients that left")
    assert server.stop() == 0


@pytest.fixture(scope="module", autouse=True)
def trickle(server):
    """A client whose header arrives a byte every half a second, beside all the other tests."""
    outcome = {}

    def send():
        with Wire(server, timeout=0.5) as wire:
            started = time.monotonic()
            for byte in b"GET /run HTTP/1.1\r\nHost: h\r\nX-Slow: " + b"a" * 60:
                wire.send(bytes([byte]))
                try:
                    wire.socket.recv(1, socket.MSG_PEEK)
                    break
                except TimeoutError:
                    pass
            outcome["seconds"] = time.monotonic() - started
            outcome["response"], outcome["closed"] = wire.read(), wire.at_end()

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return lambda: (thread.join(20), outcome)[1]


def gauge(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.get("/_mayfly/metrics").text, re.MULTILINE)[1])


def memory_of(server):
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * KIB


def cpu_seconds(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until_at_rest(server):
    """Waits until the server burns no CPU any more: whatever runs there waits for its client."""

    def rests():
        before = cpu_seconds(server)
        time.sleep(0.2)
        return cpu_seconds(server) == before

    until(rests, "the server to have nothing to do", 20)


def get(target="/run", *fields):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: h", *fields, "", ""]).encode()


def post(target, body, *fields):
    return "\r\n".join([f"POST {target} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", *fields, "", ""]
                       ).encode() + body


def chunked(target, *chunks, fields=(), end=b"0\r\n\r\n"):
    head = "\r\n".join([f"POST {target} HTTP/1.1", "Host: h", "Transfer-Encoding: chunked", *fields, "", ""])
    return head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def padded(size):
    """A GET whose header has this many bytes."""
    return get("/run", "X: " + "a" * (size - len(get("/run", "X: "))))


# --- Connections -------------------------------------------------------------------------------------------------


def test_a_connection_is_kept(make_server):
    server = make_server()  # nobody else connects to it
    server.deploy("run", "run")
    accepted = gauge(server, "mayfly_http_connections_total")
    with Wire(server) as wire:
        for _ in range(3):
            wire.send(get())
            response = wire.read()
            assert (response.status, response.body) == (200, b"42")
            assert response.fields("Connection") == []
    assert gauge(server, "mayfly_http_connections_total") == accepted + 2, "one of these, and one that asks"


@pytest.mark.parametrize(
    "version, field, kept",
    [
        ("1.1", "X: y", True),
        ("1.1", "Connection: close", False),
        ("1.1", "Connection: x, CLOSE", False),
        ("1.0", "X: y", False),
        ("1.0", "Connection: keep-alive", True),
        ("1.0", "Connection: Keep-Alive, close", False),
    ],
)
def test_who_keeps_the_connection(server, version, field, kept):
    with Wire(server) as wire:
        wire.send(f"GET /run HTTP/{version}\r\nHost: h\r\n{field}\r\n\r\n".encode())
        response = wire.read()
        assert response.body == b"42"
        wanted = ([] if version == "1.1" else ["keep-alive"]) if kept else ["close"]
        assert response.fields("Connection") == wanted
        if kept:
            wire.send(get())
            assert wire.read().body == b"42"
        else:
            assert wire.at_end()


def test_a_response_says_when_and_under_which_id(server):
    with Wire(server) as wire:
        wire.send(get() + get("/nobody"))
        ids = []
        for status in (200, 404):
            response = wire.read()
            assert response.status == status
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", response.fields("Date")[0])
            ids += response.fields("X-Request-Id")
    assert len(set(ids)) == 2
    assert server.wait_for_log(event="request", id=ids[1])["status"] == 404


def test_pipelined_requests_are_answered_in_order(server):
    """In one packet: some answer at once, some wait, some fail, some have bodies of either kind."""
    packet, wanted = b"", []
    for number in range(30):
        text = str(number).encode()
        for request, status, body in (
                (post("/cat", text), 200, text), (get("/sleep"), 200, b""), (get("/nobody"), 404, None),
                (chunked("/cat", text, b"!"), 200, text + b"!"), (get("/trap"), 500, None), (get(), 200, b"42")):
            packet += request
            wanted.append((status, body))
    with Wire(server) as wire:
        wire.send(packet + get("/run", "Connection: close") + get("/never"))
        for status, body in wanted:
            response = wire.read()
            assert response.status == status
            assert body is None or response.body == body
        assert wire.read().fields("Connection") == ["close"]
        assert wire.at_end(), "what is behind the last request is not answered"


def test_pipelined_answers_wait_for_a_client_that_reads_slowly(server):
    """64 answers of 128 KiB: parsing pauses when the client takes none of them, and goes on when it does."""
    bodies = [bytes([number]) * 128 * KIB for number in range(64)]
    with Wire(server, receive_buffer=64 * KIB) as wire:
        sender = threading.Thread(target=lambda: [wire.send(post("/cat", body)) for body in bodies], daemon=True)
        sender.start()
        until_at_rest(server)
        assert [wire.read().body == body for body in bodies] == [True] * 64
        sender.join(10)


def test_bytes_one_at_a_time(server):
    with Wire(server) as wire:
        for request, body in ((post("/cat", b"hello"), b"hello"), (chunked("/cat", b"he", b"llo"), b"hello")):
            for byte in request:
                wire.send(bytes([byte]))
            assert wire.read().body == body


def test_a_request_may_be_cut_anywhere(server):
    request = post("/cat", b"ab") + chunked("/cat", b"c", b"d", end=b"0\r\nTrailer: x\r\n\r\n")
    with Wire(server) as wire:
        for at in range(1, len(request)):
            wire.send(request[:at])
            wire.send(request[at:])
            assert (wire.read().body, wire.read().body) == (b"ab", b"cd"), at


def test_half_a_request_costs_nothing(server):
    """Seed 001 span for ever, and served nobody else."""
    halves = [Wire(server) for _ in range(4)]  # more than there are loops
    try:
        for wire in halves:
            wire.send(get()[:-2])
        for _ in range(20):
            assert server.get("/run").text == "42"
        cpu, clock = cpu_seconds(server), time.monotonic()
        time.sleep(0.4)
        assert cpu_seconds(server) - cpu < 0.5 * (time.monotonic() - clock)
        for wire in halves:
            wire.send(b"\r\n")
            assert wire.read().body == b"42"
    finally:
        for wire in halves:
            wire.__exit__()


def test_hundreds_of_connections_at_once(server):
    wires = [Wire(server, timeout=30) for _ in range(500)]
    try:
        until(lambda: gauge(server, "mayfly_http_connections") > 500, "all of them to be accepted")
        for number, wire in enumerate(wires):
            wire.send(post("/cat", str(number).encode()) if number % 2 else get("/sleep"))
        for number, wire in enumerate(wires):
            assert wire.read().text == (str(number) if number % 2 else "")
    finally:
        for wire in wires:
            wire.__exit__()
    until(lambda: gauge(server, "mayfly_http_connections") < 10, "the connections to go")


def test_clients_that_leave_early(server):
    request = post("/cat", b"x" * 1000)
    for number in range(60):
        wire = Wire(server)
        wire.send((b"", request[:30], request[:-1], get("/sleep"), get("/flood"), get("/sleep") * 50)[number % 6])
        if number % 2:  # a reset instead of an orderly end
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.__exit__()
    assert server.get("/run").text == "42"
    until(lambda: gauge(server, "mayfly_sandboxes") == 0, "the sandboxes of clients that left")
    until(lambda: gauge(server, "mayfly_http_connections") < 5, "the connections of clients that left")


# --- Bodies ------------------------------------------------------------------------------------------------------


def test_chunked_request_bodies_are_joined(server):
    with Wire(server) as wire:
        chunks = b"a" * 70_000, b"\x00\r\n0\r\n\r\n", b"c"
        wire.send(chunked("/cat", *chunks, end=b"0\r\nX-Trailer: dropped\r\n\r\n") + get())
        assert wire.read().body == b"".join(chunks)
        assert wire.read().body == b"42"


@pytest.mark.parametrize("size", [0, 1, 64 * KIB - 1, 64 * KIB])
def test_a_response_of_up_to_64_kib_has_a_length(server, size):
    with Wire(server) as wire:
        wire.send(post("/cat", b"x" * size) + get())
        response = wire.read()
        assert response.fields("Content-Length") == [str(size)]
        assert response.fields("Transfer-Encoding") == []
        assert response.body == b"x" * size
        assert wire.read().body == b"42"


@pytest.mark.parametrize("size", [64 * KIB + 1, MIB])
def test_a_longer_response_is_chunked(server, size):
    body = os.urandom(size)
    with Wire(server) as wire:
        wire.send(post("/cat", body) + get())
        response = wire.read()
        assert response.fields("Transfer-Encoding") == ["chunked"]
        assert response.fields("Content-Length") == []
        assert response.body == body
        assert wire.read().body == b"42", "the connection goes on"


def test_http_1_0_has_no_chunks(server):
    """However long the response, and although the client would have kept the connection."""
    body = os.urandom(200_000)
    with Wire(server) as wire:
        wire.send(b"POST /cat HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 200000\r\n\r\n" + body)
        response = wire.read()
        assert response.fields("Transfer-Encoding") == response.fields("Content-Length") == []
        assert response.fields("Connection") == ["close"]
        assert response.body == body


def test_head_is_get_without_the_body(server):
    for target in ("/run", "/nobody", "/trap"):
        with Wire(server) as wire:
            wire.send(get(target))
            got = wire.read()
            wire.send(get(target).replace(b"GET", b"HEAD") + get())
            head = wire.read("HEAD")
            ours = ("X-Request-Id", "Date")
            assert head.status == got.status
            assert [line for line in head.lines if not line.startswith(ours)] == [
                line for line in got.lines if not line.startswith(ours)]
            assert wire.read().body == b"42", "no body came between"


def test_head_of_a_streamed_response_claims_no_length(server):
    """RFC 9110 section 8.6: a Content-Length would have to be that of the GET, and a GET has none."""
    with Wire(server, timeout=30) as wire:
        wire.send(get("/flood").replace(b"GET", b"HEAD") + get())
        head = wire.read("HEAD")
        assert (head.status, head.fields("Content-Length")) == (200, [])
        assert wire.read().body == b"42"


def test_16_mib_arrive_whole(server):
    with Wire(server, timeout=30) as wire:
        wire.send(get("/flood"))
        body = wire.read().body
    assert len(body) == 16 * MIB
    assert [body[at:at + 4] for at in range(0, len(body), 64 * KIB)] == [struct.pack("<I", n) for n in range(256)]


def test_a_client_that_does_not_read_costs_little_memory(server):
    """12 functions try to write 16 MiB each; all of it would be 192 MiB."""
    server.get("/flood")
    before = memory_of(server)
    wires = [Wire(server, timeout=30, receive_buffer=64 * KIB) for _ in range(12)]
    try:
        for wire in wires:
            wire.send(get("/flood"))
        for wire in wires:
            assert wire.socket.recv(1, socket.MSG_PEEK), "the response has begun"
        until_at_rest(server)
        assert gauge(server, "mayfly_sandboxes") == 12, "all of them wait for their client"
        assert memory_of(server) - before < 48 * MIB
        assert server.get("/run").text == "42"
        assert len(wires[0].read().body) == 16 * MIB, "and go on when it reads"
    finally:
        for wire in wires:
            wire.__exit__()
    until(lambda: gauge(server, "mayfly_sandboxes") == 0, "the sandboxes of clients that left")


def test_idle_connections_that_had_large_responses_cost_little_memory(make_server):
    """24 responses of 16 MiB, one after another, each on a connection that stays open."""
    server = make_server()
    server.deploy("large-body", "large-body")
    server.get("/large-body")
    before = memory_of(server)
    wires = [Wire(server, timeout=30) for _ in range(24)]
    try:
        for wire in wires:
            wire.send(get("/large-body"))
            assert len(wire.read().body) == 16 * MIB
        assert memory_of(server) - before < 150 * MIB
    finally:
        for wire in wires:
            wire.__exit__()


def test_a_client_may_close_its_side_and_read_on(server):
    """As `nc -N` does. The end of the requests is not the end of the answers."""
    with Wire(server) as wire:
        wire.send(post("/cat", b"a") + get("/sleep") + post("/cat", b"b"))
        wire.socket.shutdown(socket.SHUT_WR)
        assert [wire.read().body for _ in range(3)] == [b"a", b"", b"b"]
        assert wire.at_end()


def test_a_client_that_closed_its_side_loses_no_end_of_a_response(server):
    """Of every size up to what the kernel buffers, and beyond: in some the end waits in the server."""
    sizes = range(256 * KIB, 6 * MIB, 128 * KIB)
    wires = [Wire(server, receive_buffer=4 * KIB) for _ in sizes]
    try:
        for wire, size in zip(wires, sizes):
            wire.send(post("/cat", b"x" * size))
            wire.socket.shutdown(socket.SHUT_WR)
        until_at_rest(server)
        for wire, size in zip(wires, sizes):
            assert read_to_end(wire.socket).endswith(b"x\r\n0\r\n\r\n"), size
    finally:
        for wire in wires:
            wire.__exit__()


# --- Expect: 100-continue ----------------------------------------------------------------------------------------


def test_100_continue_comes_before_the_body(server):
    with Wire(server) as wire:
        for request in (post("/cat", b"hello", "Expect: 100-continue"),
                        chunked("/cat", b"hello", fields=["Expect: 100-Continue"])):
            head, body = request.split(END, 1)
            wire.send(head + END)
            interim = wire.read()
            assert (interim.status, interim.reason, interim.lines) == (100, "Continue", [])
            wire.send(body)
            assert wire.read().body == b"hello"


def test_100_continue_is_not_sent_to_who_cannot_use_it(server):
    with Wire(server) as wire:
        wire.send(get("/run", "Expect: 100-continue") + post("/cat", b"", "Expect: 100-continue"))
        assert [wire.read().status, wire.read().status] == [200, 200], "there is no body to wait for"
        wire.send(post("/cat", b"a", "Expect: 100-continue", "Connection: keep-alive").replace(b"1.1", b"1.0"))
        assert wire.read().status == 200, "HTTP/1.0 has no interim responses"


@pytest.mark.parametrize(
    "target, fields, status, slug",
    [
        ("/cat", ["Content-Length: 10485761", "Expect: 100-continue"], 413, "body-too-large"),
        ("/_mayfly/v1/functions/a", ["Content-Length: 67108865", "Expect: 100-continue"], 413, "body-too-large"),
        ("/api/v1/handler/a", ["Content-Length: 67108865", "Expect: 100-continue"], 413, "body-too-large"),
        ("/_mayfly/v1/functions/a", ["Content-Length: 5", "Expect: 100-continue", "Origin: http://evil.example"],
         403, "foreign-origin"),
        ("/cat", ["Content-Length: 5", "Expect: 200-ok"], 417, "expectation-failed"),
    ],
)
def test_what_will_be_refused_is_not_sent_for(server, target, fields, status, slug):
    with Wire(server) as wire:
        wire.send("\r\n".join([f"POST {target} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode())
        response = wire.read()
        assert (response.status, response.json["type"]) == (status, f"/_mayfly/errors/{slug}")
        assert response.fields("Connection") == ["close"]
        assert wire.at_end()


@pytest.mark.parametrize("target, size", [("/cat", 10 * MIB), ("/_mayfly/v1/functions/a", 64 * MIB)])
def test_what_just_fits_is_sent_for(server, target, size):
    with Wire(server) as wire:
        fields = f"Host: localhost\r\nContent-Length: {size}\r\nExpect: 100-continue"
        wire.send(f"POST {target} HTTP/1.1\r\n{fields}\r\n\r\n".encode())
        assert wire.read().status == 100


# --- Framing -----------------------------------------------------------------------------------------------------

SMUGGLED = get("/smuggled")


@pytest.mark.parametrize(
    "status, request_bytes",
    [
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 6|Transfer-Encoding: chunked||0||G", id="CL.TE"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked|Content-Length: 3||8|", id="TE.CL"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 0|Content-Length: 5||", id="CL.CL"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 0|Content-Length: 0||", id="CL=CL"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 0, 5||", id="CL list"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: +0||", id="CL with a sign"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 0x0||", id="CL in hex"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length: 18446744073709551616||", id="CL of 2^64"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Content-Length : 0||", id="blank before the colon"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding : chunked||0||", id="TE with blank"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked|Transfer-Encoding: identity||0||",
                     id="TE.TE"),
        pytest.param(501, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: xchunked||0||", id="TE unknown"),
        pytest.param(501, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: gzip, chunked||0||", id="TE gzip"),
        pytest.param(501, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked, identity||0||", id="TE not last"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: \x0bchunked||0||", id="TE behind VT"),
        pytest.param(400, "POST /cat HTTP/1.0|Transfer-Encoding: chunked||0||", id="TE in HTTP/1.0"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|X: a| Transfer-Encoding: chunked||", id="folded line"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|X: a\nTransfer-Encoding: chunked||", id="LF alone"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|X: a\rTransfer-Encoding: chunked||", id="CR alone"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|X: a\0b||", id="NUL"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||1\n\nx|0||", id="chunk size with LF"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||1;a\nb|x|0||", id="LF in extension"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||-1|x|0||", id="negative chunk"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||1|xx|0||", id="chunk too long"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||1 |x|0||", id="blank behind size"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||10000000000000001|x|0||",
                     id="chunk of 2^64"),
        pytest.param(400, "POST /cat HTTP/1.1|Host: h|Transfer-Encoding: chunked||0|Content-Length: 5||",
                     id="CL trailer"),
        pytest.param(400, "GET /run HTTP/1.1|Host: h|Host: i||", id="two hosts"),
        pytest.param(400, "GET /run HTTP/1.1||", id="no host"),
        pytest.param(400, "GET /run HTTP/1.1|Host: a/b||", id="bad host"),
        pytest.param(400, "GET /run /x HTTP/1.1|Host: h||", id="two targets"),
        pytest.param(400, "GET run HTTP/1.1|Host: h||", id="relative target"),
        pytest.param(400, "GET /run#a HTTP/1.1|Host: h||", id="fragment"),
        pytest.param(400, "GET /run|Host: h||", id="HTTP/0.9"),
        pytest.param(505, "GET /run HTTP/2.0|Host: h||", id="HTTP/2.0"),
        pytest.param(400, "GET /run http/1.1|Host: h||", id="version in lower case"),
        pytest.param(501, "CONNECT h:80 HTTP/1.1|Host: h||", id="CONNECT"),
        pytest.param(400, "\x16\x03\x01\x02\x00||", id="TLS"),
    ],
)
def test_ambiguous_requests_end_the_connection(server, status, request_bytes):
    """`|` is a line break. The request smuggled behind is never seen."""
    with Wire(server) as wire:
        wire.send(request_bytes.replace("|", "\r\n").encode("latin-1") + SMUGGLED)
        response = wire.read()
        assert response.status == status
        assert response.fields("Connection") == ["close"]
        assert response.json["detail"]
        assert wire.at_end()


def test_nothing_smuggled_was_answered(server):
    """Behind all of the above, by the access log."""
    assert server.get("/last").status == 404
    server.wait_for_log(event="request", target="/last")
    assert all(line.get("target") != "/smuggled" for line in server.log())


def test_a_refusal_arrives_although_the_client_is_still_sending(server):
    """Closing with unread input would reset the connection, and lose the answer on its way."""
    with Wire(server, timeout=20) as wire:
        wire.send(post("/cat", b"").replace(b"Length: 0", b"Length: 99999999"))
        try:
            for _ in range(100):
                wire.send(b"x" * 64 * KIB)
        except (BrokenPipeError, ConnectionResetError):
            pytest.fail("the server did not wait for the client to have read")
        assert wire.read().status == 413


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        ("GET http://h/run HTTP/1.1|Host: ignored||", 200),
        ("GET /%72un HTTP/1.1|Host: h||", 200),
        ("GET /run? HTTP/1.1|Host:||", 200),
        ("GET /run HTTP/1.1|Host: [::1]:80||", 200),
        ("|GET /run HTTP/1.1|Host: h||", 200),
        ("OPTIONS * HTTP/1.1|Host: h||", 404),
        ("GET / HTTP/1.1|Host: h||", 404),
        ("GET //run HTTP/1.1|Host: h||", 404),
        ("GET /%zz HTTP/1.1|Host: h||", 404),
        ("GET /\xff HTTP/1.1|Host: h||", 404),
    ],
)
def test_unusual_requests_that_are_well_formed(server, request_bytes, status):
    with Wire(server) as wire:
        wire.send(request_bytes.replace("|", "\r\n").encode("latin-1") + get())
        assert wire.read().status == status
        assert wire.read().body == b"42", "the connection goes on"


# --- Limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (get("/run?" + "a" * (16 * KIB - len("/run?") - 1)), 200),
        (get("/run?" + "a" * (16 * KIB - len("/run?"))), 200),
        (get("/run?" + "a" * (16 * KIB - len("/run?") + 1)), 414),
        (get("/" + "a" * 100_000), 414),
        (padded(32 * KIB - 1), 200),
        (padded(32 * KIB), 200),
        (padded(32 * KIB + 1), 431),
        (get("/run", *[f"X-{n}: y" for n in range(16)]), 200),  # 17 were too many for seed 001
        (get("/run", *[f"X-{n}: y" for n in range(99)]), 200),
        (get("/run", *[f"X-{n}: y" for n in range(100)]), 431),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else None,
)
def test_limits_of_the_header(server, request_bytes, status):
    with Wire(server) as wire:
        wire.send(request_bytes)
        response = wire.read()
        assert response.status == status
        if status == 200:
            wire.send(get())
            assert wire.read().body == b"42"
        else:
            assert response.fields("Connection") == ["close"]
            assert wire.at_end()


def test_a_body_of_10_mib_is_the_largest(server):
    largest = os.urandom(10 * MIB)
    with Wire(server, timeout=30) as wire:
        for request in (post("/cat", largest), chunked("/cat", largest[:9 * MIB], largest[9 * MIB:])):
            wire.send(request)
            assert wire.read().body == largest
        wire.send(chunked("/cat", largest, end=b"1\r\nx"))
        assert wire.read().status == 413
        assert wire.at_end()


# --- Slow clients ------------------------------------------------------------------------------------------------


def test_a_response_that_is_not_taken_for_a_while_is_not_lost(server):
    """Reads 16 MiB in small sips."""
    with Wire(server, timeout=30, receive_buffer=8 * KIB) as wire:
        wire.send(get("/flood"))
        until_at_rest(server)
        assert len(wire.read().body) == 16 * MIB


def test_a_header_has_ten_seconds(trickle):
    """Trickled bytes do not move the deadline."""
    outcome = trickle()
    assert 9.5 < outcome["seconds"] < 13
    assert outcome["response"].status == 408
    assert outcome["response"].json["type"] == "/_mayfly/errors/request-timeout"
    assert outcome["closed"]


# --- The drain ---------------------------------------------------------------------------------------------------


class Backend:
    """A TCP server that answers its connections only when it is released."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                self.connections.append(self.listener.accept()[0])
        except OSError:
            pass

    def release(self):
        for connection in self.connections:
            connection.sendall(b"pong")
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def refuses(server):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_sigterm_finishes_what_has_begun(make_server):
    server = make_server()
    server.deploy("cat", "cat")
    with Backend() as backend, Wire(server) as idle, Wire(server) as half, Wire(server) as waiting:
        module = (EXAMPLES / "tcp-backend" / "tcp-backend.wasm").read_bytes()
        address = f"127.0.0.1:{backend.port}"
        server.deploy("slow", module, f"?env=/env/backend%3D{address}&allow=tcp%3D{address}")
        idle.send(post("/cat", b"a"))
        assert idle.read().status == 200
        request = post("/cat", b"hello")
        half.send(request[:-3])
        waiting.send(get("/slow") * 2)
        until(lambda: backend.connections, "the function in flight")

        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses(server), "the listener to close")
        assert idle.at_end(), "an idle connection is closed at once"
        assert server.process.poll() is None

        backend.release()
        answer = waiting.read()
        assert (answer.status, answer.fields("Connection")) == (200, ["close"])
        assert answer.text.endswith("pong\n")
        assert waiting.at_end(), "a pipelined request behind it is not begun"
        half.send(request[-3:])
        answer = half.read()
        assert (answer.body, answer.fields("Connection")) == (b"hello", ["close"])
        assert half.at_end()
    assert server.process.wait(timeout=5) == 0


def test_the_drain_ends_with_the_last_response(make_server):
    """A response whose head was sent before SIGTERM promised to keep the connection: it need not."""
    server = make_server()
    server.deploy("flood", "flood")
    with Wire(server, timeout=4, receive_buffer=64 * KIB) as wire:
        wire.send(get("/flood"))
        wire.socket.recv(1, socket.MSG_PEEK)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses(server), "the listener to close")
        assert len(wire.read().body) == 16 * MIB
        assert wire.at_end()
    assert server.process.wait(timeout=5) == 0


def test_a_second_sigterm_ends_the_process_at_once(make_server):
    server = make_server()
    with Wire(server) as half:
        half.send(get()[:-2])
        until(lambda: gauge(server, "mayfly_http_connections") == 2, "the half request")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses(server), "the listener to close")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=5) == -signal.SIGTERM
