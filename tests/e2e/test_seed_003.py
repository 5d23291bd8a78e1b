"""Seed 003: buckets of files at /bucket and /file, and /exec, which calls components with an `exec` export."""

import concurrent.futures
import json
import signal
import subprocess

import pytest

from conftest import GUESTS, Server, until

JSON = {"Content-Type": "application/json"}
ECHO = (GUESTS / "components" / "exec-echo.wat").read_bytes()  # returns what it is given
FORM = "multipart/form-data; boundary=limit"


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("003") / "data").start()
    assert server.request("PUT", "/bucket/functions").status == 200
    yield server
    assert server.stop() == 0


def part(content, disposition='name="file"; filename="ignored.wasm"'):
    return f"--limit\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def upload(server, path, content, **headers):
    return server.request("POST", f"/file/{path}", part(content) + b"--limit--\r\n", {"Content-Type": FORM, **headers})


def uploaded(server, path, content):
    answer = upload(server, path, content)
    assert answer.status == 200, answer.text


def exec_(server, path, body, headers=JSON):
    return server.request("POST", f"/exec/{path}", body, headers)


def saying(text):
    """A component whose `exec` returns this text, whatever it is given."""
    quoted = "".join(f"\\{byte:02x}" for byte in text.encode())
    return f"""(component
      (core module $code
        (memory (export "memory") 1)
        (data (i32.const 16) "{quoted}")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
        (func (export "exec") (param i32 i32) (result i32)
          (i32.store (i32.const 0) (i32.const 16))
          (i32.store (i32.const 4) (i32.const {len(text.encode())}))
          (i32.const 0)))
      (core instance $run (instantiate $code))
      (func (export "exec") (param "input" string) (result string)
        (canon lift (core func $run "exec") (memory (core memory $run "memory"))
          (realloc (core func $run "realloc")))))""".encode()


def error_of(answer, status, slug):
    """The `error` that this seed's clients read."""
    assert (answer.status, answer.problem) == (status, slug), answer.text
    assert answer.json["error"] == answer.json["detail"]
    return answer.json["error"]


# --- As the seed's clients use it ------------------------------------------------------------------------------------


def test_the_lines_of_the_seed(server):
    """The walk through its readme, byte for byte."""
    def said(answer):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
        return answer.body

    assert said(server.request("PUT", "/bucket/walk")) == b'"Bucket walk created"'
    assert said(server.get("/bucket/walk")) == b'{"files":[]}'
    assert said(upload(server, "walk/hello", ECHO)) == b'"File hello uploaded to walk"'
    assert said(upload(server, "walk/a.txt", b"text")) == b'"File a.txt uploaded to walk"'
    assert said(server.get("/bucket/walk")) == b'{"files":["a.txt","hello"]}'
    assert said(exec_(server, "walk/hello", '{"name": "Ada"}')) == b'{"name":"Ada"}'
    assert said(server.request("DELETE", "/file/walk/a.txt")) == b'"File a.txt deleted from walk"'
    assert said(server.request("DELETE", "/file/walk/a.txt")) == b'"File a.txt deleted from walk"', "as S3 has it"
    assert said(server.request("DELETE", "/file/walk/hello")) == b'"File hello deleted from walk"'
    assert said(server.request("DELETE", "/bucket/walk")) == b'"Bucket walk deleted"'


def test_curl_uploads_calls_and_downloads(server, tmp_path):
    def curl(*arguments):
        made = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True)
        assert made.returncode == 0, made.stderr
        return made.stdout

    (tmp_path / "echo.wat").write_bytes(ECHO)
    assert curl("-F", f"file=@{tmp_path}/echo.wat", f"{server.url}/file/functions/curled") == (
        b'"File curled uploaded to functions"')
    assert curl("--json", '{"name":"Ada"}', f"{server.url}/exec/functions/curled") == b'{"name":"Ada"}'
    assert curl(f"{server.url}/file/functions/curled") == ECHO


@pytest.mark.parametrize("content", [b"", b"text", bytes(range(256)) * 4, b"\r\n--limit-\r\n", b"x" * 5_000_000],
                         ids=["empty", "text", "binary", "nearly a boundary", "5 MB"])
def test_a_file_is_given_back_byte_for_byte(server, content):
    """Seed 003 refused more than 2 MiB."""
    uploaded(server, "functions/bytes", content)
    answer = server.get("/file/functions/bytes")
    assert answer.body == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bytes"'
    head = server.request("HEAD", "/file/functions/bytes")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(content)))


def test_a_file_as_large_as_an_upload_may_be_and_one_larger(server):
    overhead = len(part(b"")) + len(b"--limit--\r\n")
    content = b"\xa5" * ((64 << 20) - overhead)
    uploaded(server, "functions/largest", content)
    assert server.get("/file/functions/largest").body == content
    error_of(upload(server, "functions/larger", content + b"x"), 413, "body-too-large")
    error_of(server.get("/file/functions/larger"), 404, "unknown-file")


@pytest.mark.parametrize("segment, key, disposition", [
    ("hello.wasm", "hello.wasm", 'attachment; filename="hello.wasm"'),
    ("a%2Fb%22c", 'a/b"c', 'attachment; filename="a/b\\"c"'),
    ("a%20b+c", "a b+c", 'attachment; filename="a b+c"'),
    ("%5C%25", "\\%", 'attachment; filename="\\\\%"'),
    ("gr%C3%BCn", "gr\u00fcn", "attachment; filename=\"gr__n\"; filename*=UTF-8''gr%C3%BCn"),
    ("k" * 1024, "k" * 1024, None),
])
def test_names_of_one_segment(server, segment, key, disposition):
    answer = upload(server, f"functions/{segment}", b"named")
    assert (answer.status, answer.json) == (200, f"File {key} uploaded to functions"), answer.text
    assert key in server.get("/bucket/functions").json["files"]
    downloaded = server.get(f"/file/functions/{segment}")
    assert downloaded.body == b"named"
    assert disposition is None or downloaded.headers["Content-Disposition"] == disposition
    assert server.request("DELETE", f"/file/functions/{segment}").status == 200
    assert key not in server.get("/bucket/functions").json["files"]


@pytest.mark.parametrize("segment", ["%2E%2E", ".", "..", "a%2F..%2Fb", "%2Fa", "a%2F", "a%0Ab", "%FF", "k" * 1025])
def test_names_that_are_none(server, segment):
    error_of(upload(server, f"functions/{segment}", b"x"), 400, "bad-file-name")


@pytest.mark.parametrize("path", ["/file/functions", "/file/functions/", "/file/functions/a/b", "/file/", "/file",
                                  "/file//a", "/bucket", "/bucket/", "/bucket/a/b", "/exec/functions",
                                  "/file/functions/%zz", "/exec/functions/a/b"])
def test_paths_that_are_none(server, path):
    for method in ("GET", "POST"):
        error_of(server.request(method, path), 404, "not-found")


@pytest.mark.parametrize("name", ["ab", "Upper", "a_b", "-abc", "a..b", "127.0.0.1", "b" * 64, "a%2Fb"])
def test_buckets_that_are_none(server, name):
    error_of(server.request("PUT", f"/bucket/{name}"), 400, "bad-bucket-name")


def test_what_is_not_there_and_what_is_in_the_way(server):
    """The seed answered 500."""
    assert error_of(server.get("/bucket/nowhere"), 404, "unknown-bucket") == "there is no bucket `nowhere`"
    error_of(server.request("DELETE", "/bucket/nowhere"), 404, "unknown-bucket")
    error_of(upload(server, "nowhere/a", b"x"), 404, "unknown-bucket")
    error_of(server.get("/file/nowhere/a"), 404, "unknown-bucket")
    error_of(server.request("DELETE", "/file/nowhere/a"), 404, "unknown-bucket")
    error_of(exec_(server, "nowhere/a", "{}"), 404, "unknown-bucket")
    assert error_of(server.get("/file/functions/missing"), 404, "unknown-file") == (
        "the bucket `functions` has no file `missing`")
    error_of(exec_(server, "functions/missing", "{}"), 404, "unknown-file")
    error_of(server.request("PUT", "/bucket/functions"), 409, "bucket-exists")
    uploaded(server, "functions/there", b"x")
    error_of(server.request("DELETE", "/bucket/functions"), 409, "bucket-not-empty")


def test_methods(server):
    for path, allow in (("/bucket/functions", "GET, HEAD, PUT, DELETE"), ("/file/functions/a", "GET, HEAD, POST, DELETE"),
                        ("/exec/functions/a", "POST")):
        answer = server.request("PATCH", path)
        error_of(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == allow


def test_forms_that_are_none(server):
    def post(body, content_type=FORM):
        return server.request("POST", "/file/functions/form", body, {"Content-Type": content_type})

    assert error_of(post(part(b"x", 'name="other"') + b"--limit--\r\n"), 400, "bad-multipart").startswith(
        "Missing file in multipart")
    error_of(post(b"--limit--\r\n"), 400, "bad-multipart")
    error_of(post(part(b"x")), 400, "bad-multipart")
    error_of(post(part(b"x") + b"--limit--\r\n", "multipart/form-data"), 400, "bad-multipart")
    error_of(post(b"bytes", "application/wasm"), 415, "unsupported-media-type")
    error_of(server.get("/file/functions/form"), 404, "unknown-file")
    first = part(b"before", 'name="note"') + part(b"first") + part(b"second") + b"--limit--\r\n"
    assert post(first).status == 200
    assert server.get("/file/functions/form").body == b"first", "the first part of that name"


# --- exec ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent, returned", [
    ('{"b": 1, "a": {"d": [1, 2], "c": null}}', '{"a":{"c":null,"d":[1,2]},"b":1}'),
    (' [1.50, 1e2, 18446744073709551615, -0.1] ', "[1.5,100.0,18446744073709551615,-0.1]"),
    ('"\\u20ac\\/\\n"', '"\u20ac/\\n"'),
    ("null", "null"),
    ('{"a":1,"a":2}', '{"a":2}'),
])
def test_the_payload_is_sorted_and_compact(server, sent, returned):
    uploaded(server, "functions/echo", ECHO)
    answer = exec_(server, "functions/echo", sent)
    assert (answer.status, answer.headers["Content-Type"], answer.text) == (200, "application/json", returned)


def test_a_large_payload(server):
    uploaded(server, "functions/echo", ECHO)
    payload = {f"member {i:06}": [i, str(i), i / 7] for i in range(20_000)}
    answer = exec_(server, "functions/echo", json.dumps(dict(reversed(payload.items())), indent=2))
    assert answer.body == json.dumps(payload, separators=(",", ":")).encode()


def test_what_is_returned_is_sorted_too_and_must_be_json(server):
    uploaded(server, "functions/says", saying('{ "b": 1,\n "a": 2 }'))
    assert exec_(server, "functions/says", "{}").text == '{"a":2,"b":1}'
    uploaded(server, "functions/says", saying("hello"))
    assert "byte 0" in error_of(exec_(server, "functions/says", "{}"), 502, "no-json")
    uploaded(server, "functions/says", saying(""))
    error_of(exec_(server, "functions/says", "{}"), 502, "no-json")


@pytest.mark.parametrize("body", ["", "{", "name=Ada", "{} {}", '{"a":1,}', "[" * 1000])
def test_payloads_that_are_none(server, body):
    uploaded(server, "functions/echo", ECHO)
    error_of(exec_(server, "functions/echo", body), 400, "bad-json")


def test_a_payload_says_that_it_is_json(server):
    uploaded(server, "functions/echo", ECHO)
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        error_of(exec_(server, "functions/echo", "{}", headers), 415, "unsupported-media-type")
    assert exec_(server, "functions/echo", "{}", {"Content-Type": "application/json; charset=utf-8"}).status == 200
    error_of(exec_(server, "functions/echo", '"' + "x" * (10 << 20) + '"'), 413, "body-too-large")


def test_a_new_upload_is_what_the_next_call_runs(server):
    for number in range(20):
        uploaded(server, "functions/hot", saying(str(number)))
        assert exec_(server, "functions/hot", "{}").text == str(number)
    assert server.request("DELETE", "/file/functions/hot").status == 200
    error_of(exec_(server, "functions/hot", "{}"), 404, "unknown-file")


def test_uploads_under_load_never_answer_with_what_was_before_them(server):
    uploaded(server, "functions/busy", saying("0"))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for number in range(1, 10):
            running = [pool.submit(exec_, server, "functions/busy", "{}") for _ in range(8)]
            uploaded(server, "functions/busy", saying(str(number)))
            assert exec_(server, "functions/busy", "{}").text == str(number)
            assert {done.result().text for done in running} <= {str(number - 1), str(number)}


def test_what_is_no_such_component(server):
    uploaded(server, "functions/text", b"just text")
    assert error_of(exec_(server, "functions/text", "{}"), 400, "not-wasm") == "the file `text` is not WebAssembly"
    uploaded(server, "functions/core", (GUESTS / "run.wat").read_bytes())
    assert "of the kind `run`" in error_of(exec_(server, "functions/core", "{}"), 422, "no-entry-point")
    uploaded(server, "functions/broken", b"\0asm\x0d\0\x01\0garbage")
    error_of(exec_(server, "functions/broken", "{}"), 422, "bad-module")
    uploaded(server, "functions/empty", b"(component)")
    error_of(exec_(server, "functions/empty", "{}"), 422, "no-entry-point")
    assert server.get("/file/functions/broken").body == b"\0asm\x0d\0\x01\0garbage"


def test_a_failure_of_the_function_has_its_status_and_no_backtrace(server):
    trapping = saying("x").replace(b"(i32.store (i32.const 0) (i32.const 16))", b"unreachable")
    uploaded(server, "functions/traps", trapping)
    said = error_of(exec_(server, "functions/traps", "{}"), 500, "trap")
    assert "backtrace" not in said and "0x" not in said


def test_files_survive_a_restart_and_a_kill(make_server):
    server = make_server()
    assert server.request("PUT", "/bucket/kept").status == 200
    uploaded(server, "kept/echo", ECHO)
    uploaded(server, "kept/data", b"data")
    server.stop(signal.SIGKILL)
    server.start()
    assert server.get("/bucket/kept").json == {"files": ["data", "echo"]}
    assert exec_(server, "kept/echo", "[1, 2]").text == "[1,2]"
    assert server.get("/file/kept/data").body == b"data"


# --- Who may ---------------------------------------------------------------------------------------------------------


def test_pages_of_other_origins_and_hosts_are_refused(server):
    uploaded(server, "functions/echo", ECHO)
    for headers, slug in (({"Origin": "http://evil.example"}, "foreign-origin"), ({"Host": "evil.example"}, "foreign-host")):
        assert upload(server, "functions/evil", b"x", **headers).problem == slug
        assert exec_(server, "functions/echo", "{}", {**JSON, **headers}).problem == slug
        for method, path in (("PUT", "/bucket/evil"), ("DELETE", "/bucket/functions"), ("DELETE", "/file/functions/echo"),
                             ("GET", "/file/functions/echo"), ("GET", "/bucket/functions")):
            assert server.request(method, path, None, headers).problem == slug


def test_the_token_is_needed_where_there_is_one(binary, tmp_path):
    server = Server(binary, tmp_path / "data").start("0.0.0.0:0")
    token = {"Authorization": f"Bearer {server.banner.split('): ')[1].split()[0]}"}
    assert server.request("PUT", "/bucket/mine").problem == "token-needed"
    assert server.request("PUT", "/bucket/mine", None, token).status == 200
    assert upload(server, "mine/echo", ECHO).problem == "token-needed"
    assert upload(server, "mine/echo", ECHO, **token).status == 200
    assert exec_(server, "mine/echo", "{}").problem == "token-needed"
    assert exec_(server, "mine/echo", "{}", {**JSON, **token}).text == "{}"
    for method, path in (("GET", "/bucket/mine"), ("GET", "/file/mine/echo"), ("DELETE", "/file/mine/echo"),
                         ("DELETE", "/bucket/mine")):
        assert server.request(method, path).problem == "token-needed"
        assert server.request(method, path, None, token).status in (200, 409)
    assert server.stop() == 0


def test_exec_is_counted_and_logged_as_any_call(server):
    uploaded(server, "functions/counted", ECHO)
    answer = exec_(server, "functions/counted", "{}")
    line = server.wait_for_log(id=answer.headers["X-Request-Id"], event="request")
    assert (line["function"], line["status"]) == ("functions/counted", 200)
    assert until(lambda: 'function="functions/counted"' in server.get("/_mayfly/metrics").text, "its metrics")
