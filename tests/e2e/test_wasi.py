"""What a core module may be, and what its host does for it: WASI preview1, `handle`, `handler`, `run`, CGI."""

import re
import struct
import threading
import time

import pytest

from conftest import GUESTS, Server, Wire, until

KIB = 1024
MIB = 1024 * KIB


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """One for all of these tests: what a function does is no matter of the next."""
    server = Server(binary, tmp_path_factory.mktemp("wasi") / "data").start()
    yield server
    until(lambda: "\nmayfly_sandboxes 0\n" in server.get("/_mayfly/metrics").text, "the sandboxes to be given back")
    assert server.stop() == 0


def short(value):
    """Of a test's name."""
    return repr(value)[:30]


def call(server, guest, body=None, query="", options="", kind=None):
    """Deploys a guest of tests/guests, or WebAssembly text, and invokes it."""
    name = "inline" if isinstance(guest, bytes) else guest
    made = server.deploy(name, guest, f"{options}&accept=any" if options else "")
    assert made.status in (200, 201), made.text
    if kind:
        assert made.json["kind"] == kind
    return server.request("POST" if body is not None else "GET", f"/{name}{query}", body)


def failure(answer, status, slug):
    """The detail of a problem."""
    assert (answer.status, answer.problem) == (status, slug), answer.text
    return answer.json["detail"]


def lines_of(server, answer):
    """What the function logged, in order."""
    server.wait_for_log(event="request", id=answer.headers["X-Request-Id"])
    return [line["line"] for line in server.log()
            if line["event"] == "function" and line["id"] == answer.headers["X-Request-Id"]]


# --- What is called ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "export, text",
    [("small", "-2147483648"), ("large", "-9223372036854775808"), ("single", "1.5"), ("double", "-0.1")],
)
def test_a_number_is_answered_as_text(server, export, text):
    answer = call(server, "numbers", options=f"?entry={export}", kind="run")
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, text, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "options, text", [("", "start"), ("?entry=other", "other"), ("?entry=_start", "start")])
def test_a_named_export_is_called_instead_of_start(server, options, text):
    assert call(server, "two-entries", options=options).text == text


def test_an_instance_is_initialised_once_and_never_used_twice(server):
    assert call(server, "reactor").text == "7"
    assert [call(server, "counter").text for _ in range(3)] == ["1"] * 3


@pytest.mark.parametrize(
    "guest, options, named",
    [("no-entry", "", "`add` (takes parameters"), ("no-entry", "?entry=add", "no function `add`"),
     ("no-entry", "?entry=sub", "`seven`")],
)
def test_a_module_without_an_entry_point_is_refused(server, guest, options, named):
    assert named in failure(server.deploy("refused", guest, options), 422, "no-entry-point")
    assert server.get("/refused").status == 404


@pytest.mark.parametrize(
    "result",
    ["i32 i32", "externref", "funcref", "v128", "(ref null any)"],
)
def test_a_result_that_is_no_number_is_refused(server, result):
    values = {"i32 i32": "(i32.const 1) (i32.const 2)", "externref": "(ref.null extern)", "funcref": "(ref.null func)",
              "v128": "(v128.const i64x2 0 0)", "(ref null any)": "(ref.null any)"}
    module = f'(module (func (export "run") (result {result}) {values[result]}))'
    assert "`run`" in failure(server.deploy("refused", module.encode()), 422, "no-entry-point")


@pytest.mark.parametrize("before", ["", ";; a comment\n", "(; a comment ;) \n\t\r\n", "(;;);;\n"])
def test_text_is_an_upload_too(server, before):
    assert call(server, (before + '(module (func (export "run") (result i32) (i32.const 5)))').encode()).text == "5"


# --- WASI preview1 -----------------------------------------------------------------------------------------------


def test_arguments_environment_and_input_come_as_they_are(server):
    answer = call(server, "echo", b"in\0put\xff", "?b=2&a=1&b=3", options="?env=Z%3Dz&env=A%3Dx%3Dy")
    assert answer.body == b"echo\0" + b"A=x=y\0Z=z\0" + b"a=1\0b=3\0" + b"in\0put\xff"


def test_a_parameter_never_overrides_a_configured_variable(server):
    answer = call(server, "echo", query="?SECRET=guess&other=1", options="?env=SECRET%3Dkept")
    assert answer.body == b"echo\0SECRET=kept\0other=1\0"


def test_input_of_10_mib_is_read_whole(server):
    body = bytes(range(256)) * (10 * MIB // 256)
    assert call(server, "cat", body).body == body


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"", "text/plain; charset=utf-8"),
        ("caf\u00e9".encode(), "text/plain; charset=utf-8"),
        (b"x" * 1023 + "\u00e9".encode(), "text/plain; charset=utf-8"),
        (b"\x89PNG", "application/octet-stream"),
        (b"a\0b", "application/octet-stream"),
        (b"\xff" * KIB, "application/octet-stream"),
        (b"\xff" * 2 * KIB, "application/octet-stream"),
    ],
    ids=short,
)
def test_output_is_text_or_bytes(server, body, kind):
    answer = call(server, "cat", body)
    assert (answer.body, answer.headers["Content-Type"]) == (body, kind)


def test_all_iovecs_are_written_in_order(server):
    assert call(server, "two-iovecs").text == "Hello World!\n"
    assert call(server, "five-iovecs").text == "abcdef"


def test_all_iovecs_are_filled_in_order(server):
    assert call(server, "scatter", b"123456789").text == "456231"


def test_an_iovec_outside_the_memory_is_efault(server):
    assert call(server, "bad-iovec").status == 200


def test_standard_error_is_the_log(server):
    answer = call(server, "stderr")
    assert answer.text == "out"
    assert lines_of(server, answer) == ["first", "second"]


def test_clocks(server):
    before = time.time_ns(), time.monotonic_ns()
    realtime, monotonic, resolution = struct.unpack("<QQQ", call(server, "time").body)
    assert before[0] <= realtime <= time.time_ns()
    assert before[1] <= monotonic <= time.monotonic_ns()
    assert 1 <= resolution <= 1_000_000


def test_random_bytes(server):
    assert len({call(server, "random").body for _ in range(8)} | {bytes(32)}) == 9


def test_there_are_no_files_but_in_tmp(server):
    assert call(server, "only-tmp").status == 200


def test_a_sleeping_function_holds_no_thread(server):
    """200 sleeps of 20 ms, one after another, would be 4 seconds."""
    server.deploy("sleep", "sleep")
    started = time.monotonic()
    wires = [Wire(server) for _ in range(200)]
    try:
        for wire in wires:
            wire.send(b"GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
        assert [wire.read().status for wire in wires] == [200] * 200
    finally:
        for wire in wires:
            wire.__exit__()
    assert 0.02 <= time.monotonic() - started < 2


def test_an_exit_with_zero_is_success(server):
    assert call(server, "exit-zero").status == 200


def test_an_exit_with_another_code_is_an_error(server):
    answer = call(server, "exit-three")
    assert "3" in failure(answer, 500, "exit-code")
    assert server.wait_for_log(event="failure", id=answer.json["instance"])["type"] == "exit-code"


@pytest.mark.parametrize(
    "guest, said",
    [("trap", "unreachable"), ("recurse", "stack"), ("bad-pointer", "response_set_body"), ("abort", "abort")],
)
def test_a_trap_is_an_error_whose_trace_is_in_the_log(server, guest, said):
    answer = call(server, guest)
    assert said in failure(answer, 500, "trap")
    assert "backtrace" in server.wait_for_log(event="trap", id=answer.json["instance"])
    assert "wasm backtrace" not in answer.text


def test_output_before_a_trap_is_not_an_answer(server):
    """Up to 64 KiB the answer is an error; beyond, the response is cut off so that nobody takes it for a whole one."""
    module = (GUESTS / "cat.wat").read_text().replace("(br $more))))))", "(br $more)))) unreachable))")
    assert failure(call(server, module.encode(), b"x" * 64 * KIB), 500, "trap")
    server.deploy("inline", module.encode())
    with Wire(server) as wire:
        wire.send(b"POST /inline HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
        received = b""
        with pytest.raises(ConnectionResetError):
            while chunk := wire.socket.recv(65536):
                received += chunk
        assert not received.endswith(b"0\r\n\r\n")


def test_random_bytes_are_no_way_around_the_cpu_limit(server):
    """100 MiB take a quarter of a second; asked for at once, they come in parts."""
    assert call(server, "random-flood").text == "0"
    assert call(server, "random-flood", options="?cpu=20ms").problem == "too-slow"


# --- handle ------------------------------------------------------------------------------------------------------


def handle(*calls):
    """A `handle` function that makes these calls: (name of the import, text or number, ...)."""
    imports = {"log": "i32 i64", "response_set_status_line": "i32 i32 i64", "response_set_header": "i32 i64 i32 i64",
               "response_set_body": "i32 i64"}
    data, code = b"", ""
    for name, *arguments in calls:
        given = ""
        for argument in arguments:
            if isinstance(argument, int):
                given += f"(i32.const {argument})"
            else:
                given += f"(i32.const {len(data)}) (i64.const {len(argument)})"
                data += argument
        code += f"(call ${name} {given})"
    functions = "".join(
        f'(import "env" "{name}" (func ${name} (param {types})))' for name, types in imports.items())
    escaped = "".join(f"\\{byte:02x}" for byte in data)
    return (f'(module {functions} (memory (export "memory") 1) (data (i32.const 0) "{escaped}")'
            f'(func (export "handle") {code}))').encode()


def status(code, reason=b""):
    return ("response_set_status_line", code, reason)


def header(name, value):
    return ("response_set_header", name, value)


def body(content):
    return ("response_set_body", content)


def wire_call(server, module):
    """Invokes twice on one connection: what a function sets must not break the framing."""
    server.deploy("inline", module)
    with Wire(server) as wire:
        wire.send(b"GET /inline HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        wire.read()
        return wire.read()


@pytest.mark.parametrize("guest, wanted", [("handle", (201, "Made", b"hi")), ("own-memory", (200, "Ok", b"own"))])
def test_handle_has_its_memory_or_that_of_the_host(server, guest, wanted):
    answer = call(server, guest, kind="handle")
    assert (answer.status, answer.reason, answer.body) == wanted


def test_handle_logs_a_line(server):
    answer = call(server, "handle")
    assert lines_of(server, answer) == ["note"]
    answer = call(server, handle(("log", b"one\n"), ("log", b"two\nthree"), status(200), body(b"")))
    assert lines_of(server, answer) == ["one", "two", "three"]


def test_headers_keep_their_order_case_and_number(server):
    response = wire_call(server, handle(
        header(b"X-b", b"1"), header(b"set-Cookie", b"a=1"), status(200, b"Quite Ok"), header(b"x-A", b"  2 "),
        header(b"Set-cookie", b"b=2"), header(b"X-b", b"1"), header(b"X-Empty", b""), body(b"x")))
    assert (response.status, response.reason, response.body) == (200, "Quite Ok", b"x")
    own = [line for line in response.lines if not line.startswith(("Date", "X-Request-Id", "Content-Length"))]
    assert [re.sub(r":\s*(.*?)\s*$", r": \1", line) for line in own] == [
        "X-b: 1", "set-Cookie: a=1", "x-A: 2", "Set-cookie: b=2", "X-b: 1", "X-Empty: "]


def test_the_last_call_counts(server):
    response = wire_call(server, handle(status(500, b"No"), body(b"first"), status(203, b"Yes"), body(b"last")))
    assert (response.status, response.reason, response.body) == (203, "Yes", b"last")


def test_framing_is_the_servers(server):
    """A function that names a wrong length, or closes, or chunks, breaks nothing."""
    response = wire_call(server, handle(
        header(b"Content-length", b"1000"), header(b"CONTENT-LENGTH", b"1"), header(b"Transfer-Encoding", b"chunked"),
        header(b"Connection", b"close"), header(b"Date", b"never"), status(200), body(b"hello")))
    assert (response.reason, response.body) == ("OK", b"hello")
    assert response.fields("Content-Length") == ["5"]
    assert response.fields("Transfer-Encoding") == response.fields("Connection") == []
    assert "never" not in response.fields("Date")


@pytest.mark.parametrize("code", [204, 304])
def test_a_status_without_a_body_gets_none(server, code):
    response = wire_call(server, handle(status(code), body(b"GET /smuggled HTTP/1.1\r\n\r\n")))
    assert (response.status, response.fields("Content-Length")) == (code, [])


@pytest.mark.parametrize(
    "calls, slug, said",
    [
        ([], "no-response", "response_set_status_line"),
        ([status(200)], "no-response", "response_set_body"),
        ([body(b"x")], "no-response", "response_set_status_line"),
        ([status(199), body(b"x")], "bad-response", "199"),
        ([status(600), body(b"x")], "bad-response", "600"),
        ([status(200, b"a\r\nX-Evil: 1"), body(b"x")], "bad-response", "reason"),
        ([status(200), header(b"X-a", b"1\r\nX-Evil: 1"), body(b"x")], "bad-response", "X-a"),
        ([status(200), header(b"X-a\r\nX-Evil", b"1"), body(b"x")], "bad-response", "name"),
        ([status(200), header(b"X a", b"1"), body(b"x")], "bad-response", "name"),
        ([status(200), header(b"", b"1"), body(b"x")], "bad-response", "name"),
        ([status(200), header(b"X-a", b"a\0b"), body(b"x")], "bad-response", "X-a"),
    ],
)
def test_what_would_not_be_a_response_is_a_bad_gateway(server, calls, slug, said):
    answer = call(server, handle(*calls))
    assert said in failure(answer, 502, slug)
    assert "X-Evil" not in answer.headers


def test_a_variable_is_read_in_part_and_measured_whole(server):
    answer = call(server, "db-get", options="?env=key%3D12345")
    assert (answer.status, answer.text) == (205, "12..")
    assert call(server, "db-get", options="?env=key%3D").text == "...."
    assert call(server, "db-get").status == 404


def test_headers_without_end_are_bounded(make_server):
    """The memory limit of the function is 2 MiB."""
    server = make_server()
    answer = call(server, "header-flood", options="?memory=2MiB&cpu=200ms")
    assert "headers" in failure(answer, 502, "bad-response")
    peak = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read())[1]) * KIB
    assert peak < 100 * MIB


# --- handler, CGI ------------------------------------------------------------------------------------------------


def test_a_handler_reads_and_writes_json(server):
    answer = call(server, "handler", b'{"a":1}', kind="handler")
    assert (answer.text, answer.headers["Content-Type"]) == ('{"a":1}\n', "application/json")


def cgi(server, output, target="/cat"):
    """`cat` as a CGI program: it answers what it is told."""
    assert server.deploy("cat", "cat", "?cgi=true").json["kind"] == "cgi"
    return server.request("POST", target, output)


def test_a_cgi_program_sets_status_headers_and_body(server):
    output = b"Status: 404 Gone Fishing\r\nX-b: 1\nSet-Cookie: a\nset-cookie: b\n\nbody\n\nmore"
    answer = cgi(server, output, "/cat/any/path")
    assert (answer.status, answer.reason, answer.text) == (404, "Gone Fishing", "body\n\nmore")
    assert answer.headers.get_all("Set-Cookie") == ["a", "b"]


@pytest.mark.parametrize(
    "output, code",
    [(b"Content-Type: a/b\n\nx", 200), (b"Location: /there\n\n", 302), (b"Location: /there\nStatus: 201\n\n", 201),
     (b"Status: 201\nLocation: /there\n\n", 302), (b"bad name: 1\nContent-Type: a\n\n", 200),
     (b"Status: 200\nContent-Length: 3\nTransfer-Encoding: chunked\nConnection: close\n\nhello", 200)],
)
def test_one_of_three_headers_is_enough(server, output, code):
    answer = cgi(server, output)
    assert answer.status == code
    assert answer.headers.get_all("Content-Length") == [str(len(answer.body))]


@pytest.mark.parametrize("size", [64 * KIB, 5 * MIB])
def test_a_large_cgi_response_is_streamed_behind_its_headers(server, size):
    content = bytes(range(256)) * (size // 256)
    answer = cgi(server, b"Content-Type: a/b\nX-Size: big\n\n" + content)
    assert (answer.headers["Content-Type"], answer.headers["X-Size"], answer.body) == ("a/b", "big", content)
    assert answer.headers["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize(
    "output",
    [b"", b"hello", b"hello\n\nbody", b"X-Other: 1\n\n", b"Content-Type: a",
     b"Content-Type: a\nX: " + b"y" * 70_000 + b"\n\n"],
    ids=short,
)
def test_output_without_cgi_headers_is_a_fault_of_the_function(server, output):
    failure(cgi(server, output), 500, "no-cgi-headers")


@pytest.mark.parametrize(
    "output", [b"Status: OK\n\n", b"Status: 99\n\n", b"Status: 600\n\n", b"Content-Type: a\0b\n\n"], ids=short)
def test_cgi_headers_that_http_cannot_carry_are_a_bad_gateway(server, output):
    failure(cgi(server, output), 502, "bad-cgi-headers")


def test_a_line_that_is_no_cgi_header_is_left_out_and_said_in_the_log(server):
    answer = cgi(server, b"Warning! no colon\nContent-Type: a/b\n\nbody")
    assert (answer.status, answer.text) == (200, "body")
    server.wait_for_log(function="cat", line="mayfly left out `Warning! no colon`: it is not a header line")


def test_only_cgi_programs_have_paths_below_them(server):
    assert call(server, "run").text == "42"
    for target in ("/run/", "/run/x", "/run//"):
        failure(server.get(target), 404, "unknown-function")


# --- Imports -----------------------------------------------------------------------------------------------------


def test_what_emscripten_imports_is_there(server):
    assert call(server, "emscripten").text == "copied"


@pytest.mark.parametrize(
    "module, name, hint",
    [("env", "teleport", ""), ("wbg", "__wbg_log", "wasm-bindgen"), ("wasi_unstable", "fd_write", "preview0"),
     ("gojs", "syscall/js.valueGet", "wasip1"), ("wasi_snapshot_preview1", "fd_teleport", "")],
)
def test_an_unknown_import_is_refused_by_name(server, module, name, hint):
    source = f'(module (import "{module}" "{name}" (func)) (import "env" "_abort_js" (func)) (func (export "_start")))'
    detail = failure(server.deploy("refused", source.encode()), 422, "unknown-import")
    assert f"`{module}.{name}`" in detail and hint in detail
    assert "_abort_js" not in detail, "only what is missing is named"


def test_all_unknown_imports_are_named(server):
    imports = '(import "env" "one" (func)) (import "x" "two" (global i32)) (import "env" "three" (table 1 funcref))'
    module = f'(module {imports} (func (export "_start")))'.encode()
    detail = failure(server.deploy("refused", module), 422, "unknown-import")
    assert all(name in detail for name in ("`env.one`", "`x.two`", "`env.three`"))


def test_an_import_of_another_type_is_refused_by_name(server):
    module = b'(module (import "env" "log" (func (param i32))) (func (export "_start")))'
    assert "log" in failure(server.deploy("refused", module), 422, "unknown-import")


# --- Neighbours --------------------------------------------------------------------------------------------------


def test_functions_that_fail_are_no_matter_of_the_others(server):
    """Seeds died, hung, or served nobody else: here 200 calls go wrong while 100 go right."""
    failing = {"trap": 500, "exit-three": 500, "recurse": 500, "bad-pointer": 500, "loop": 504}
    for name in failing:
        server.deploy(name, name, "?cpu=20ms")
    server.deploy("run", "run")
    wrong = []

    def fail(name, status):
        for _ in range(40 if name != "loop" else 10):
            if server.get(f"/{name}").status != status:
                wrong.append(name)

    threads = [threading.Thread(target=fail, args=case) for case in failing.items()]
    for thread in threads:
        thread.start()
    assert [server.get("/run").text for _ in range(100)] == ["42"] * 100
    for thread in threads:
        thread.join()
    assert wrong == []
    assert server.process.poll() is None
