"""Every error is a problem document that says what is wrong, and its type a page that says what to do; guests that
misbehave harm nobody but themselves.
"""

import html
import http.client
import io
import os
import re
import stat
import struct
import threading
import zipfile

import pytest

from conftest import EXAMPLES, FUNCTIONS, GUESTS, Server, until

BINARY = b"\0asm\1\0\0\0"


@pytest.fixture(scope="module")
def survivor(binary, tmp_path_factory):
    """One server for all that could hurt one: whatever kills it fails the tests that follow, and the last of all."""
    server = Server(binary, tmp_path_factory.mktemp("errors") / "data").start()
    yield server
    if server.process.poll() is None:
        server.stop()


def expect(server, answer, status, slug, *words):
    """A problem of this type, whose page is there."""
    assert (answer.status, answer.problem) == (status, slug), answer.text
    document = answer.json
    assert document["instance"] == answer.headers["X-Request-Id"]
    for word in words:
        assert word in document["detail"], document
    assert str(server.data) not in answer.text
    page = server.get(document["type"])
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{document['title']}</h1>" in html.unescape(page.text)
    return document


# --- Uploads -----------------------------------------------------------------------------------------------------

UPLOADS = {
    "empty": (b"", 400, "not-wasm", ["the file is empty"]),
    "html": (b"<html>hello</html>", 400, "not-wasm", ["3c68746d6c3e6865"]),
    "elf": (b"\x7fELF\2\1\1\0", 400, "not-wasm", ["7f454c4602010100"]),
    "truncated": ((EXAMPLES / "hello-c" / "hello-c.wasm").read_bytes()[:-1], 422, "bad-module", ["offset"]),
    "header-only-junk": (BINARY + b"\xff" * 20, 422, "bad-module", ["offset"]),
    "wrong-version": (b"\0asm\2\0\0\0", 422, "bad-module", []),
    "component": (b"\0asm\x0d\0\1\0", 422, "no-entry-point", ["component"]),
    "text-with-an-error": (b"(module\n  (func (export \"run\") (result i32) (i32.cons 1)))", 422, "bad-module", ["2:"]),
    "ill-typed": (b'(module (func (export "run") (result i32) (i64.const 1)))', 422, "bad-module", ["type mismatch"]),
    "threads": (b'(module (memory 1 2 shared) (func (export "_start")))', 422, "bad-module", ["threads"]),
    "no-exports": (b"(module)", 422, "no-entry-point", ["it exports no functions"]),
    "no-entry": ("no-entry", 422, "no-entry-point", ["`add` (takes parameters)", "`seven`"]),
    "entry-with-parameters": ("no-entry?entry=add", 422, "no-entry-point", ["`add`"]),
    "entry-that-is-not-there": ("no-entry?entry=eight", 422, "no-entry-point", ["`eight`", "`seven`"]),
    "unknown-import": ("unknown-import", 422, "unknown-import", ["`env.teleport`"]),
    "two-unknown-imports": (b'(module (import "a" "b" (func)) (import "c" "d" (global i32)) (func (export "_start")))',
                            422, "unknown-import", ["`a.b`", "`c.d`"]),
    "import-of-another-type": (b'(module (import "wasi_snapshot_preview1" "fd_write" (func)) (func (export "_start")))',
                               422, "unknown-import", ["fd_write"]),
    "two-memories": (b'(module (memory 1) (memory 1) (func (export "_start")))', 422, "over-engine-limit", ["memor"]),
    "huge-table": (b'(module (table 100001 funcref) (func (export "_start")))', 422, "over-engine-limit", ["100000"]),
}


@pytest.mark.parametrize("upload", UPLOADS)
def test_an_upload_that_cannot_be_used_says_why_and_leaves_nothing(survivor, upload):
    module, status, slug, words = UPLOADS[upload]
    guest, _, query = module.partition("?") if isinstance(module, str) else (module, "", "")
    expect(survivor, survivor.deploy("refused", guest, query and "?" + query), status, slug, *words)
    assert survivor.get("/refused").status == 404


def test_a_refused_upload_leaves_the_deployed_version_alone(survivor):
    survivor.deploy("kept", "run")
    before = survivor.show("kept")
    for module in (b"<html>", b"(module)", b"\0asm\1\0\0\0\xff"):
        assert survivor.deploy("kept", module).status >= 400
    assert survivor.show("kept") == before and survivor.get("/kept").text == "42"


def test_names_are_checked(survivor):
    for name in ("-a", ".a", "_a", "a%20b", "a%2Fb", "..%2F..%2Fetc", "caf%C3%A9", "a%00", "a" * 64):
        expect(survivor, survivor.deploy(name, "run"), 400, "bad-name")
    for name in ("_mayfly", "api", "bucket", "file", "exec"):
        expect(survivor, survivor.deploy(name, "run"), 409, "reserved-name", f"`{name}`")
    for name in ("a", "7", "A.b-c_d", "a" * 63):
        assert survivor.deploy(name, "run").status == 201
        assert survivor.get(f"/{name}").text == "42"


def test_an_upload_that_is_too_large_is_refused_before_it_is_sent(survivor):
    for target, length, slug in (
        (f"PUT {FUNCTIONS}/f", (64 << 20) + 1, "body-too-large"), ("POST /nothing", (10 << 20) + 1, "body-too-large"),
        (f"PUT {FUNCTIONS}/f", -1, "bad-request"),
    ):
        head = f"{target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        assert f'"/_mayfly/errors/{slug}"' in survivor.raw(head.encode()).decode()


# --- Bundles -----------------------------------------------------------------------------------------------------

METADATA = '{"language": "wasm", "entrypointFile": "function.wasm"}'
MODULE = (EXAMPLES / "name-twice" / "name_twice.wasm").read_bytes()


def zipped(*files, method=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, content)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def linked():
    info = zipfile.ZipInfo("function.wasm")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped(("metadata.json", METADATA), (info, "/etc/passwd"))


def lying():
    """A zip that says, in both places, that an entry unpacks to one byte."""
    whole = bytearray(zipped(("function.wasm", b"\0" * 100_000), ("metadata.json", METADATA)))
    for mark, size in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", whole, whole.index(mark) + size, 1)
    return bytes(whole)


def encrypted():
    """A zip whose entry says that it is encrypted."""
    whole = bytearray(zipped(("function.wasm", MODULE), ("metadata.json", METADATA)))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        whole[whole.index(mark) + flags] |= 1
    return bytes(whole)


def twice():
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zipped(("metadata.json", METADATA), ("function.wasm", MODULE), ("function.wasm", b"other"))


def with_metadata(text):
    return zipped(("metadata.json", text), ("function.wasm", MODULE))


BUNDLES = {
    "not-a-zip": (lambda: b"hello", "bad-bundle", "not a zip"),
    "cut-short": (lambda: with_metadata(METADATA)[:-30], "bad-bundle", "damaged"),
    "bomb": (lambda: zipped(("function.wasm", b"\0" * (20 << 20))), "bad-bundle", "bytes unpack to 20971520"),
    "many-small-bombs": (lambda: zipped(*((f"f{i}", os.urandom(8192) * 128) for i in range(65))), "bad-bundle",
                         "the files pass 64 MiB when unpacked"),
    "too-many-files": (lambda: zipped(*((f"f{i}", "") for i in range(1001))), "bad-bundle", "1001 entries"),
    "parent-folder": (lambda: zipped(("../evil", "x"), ("metadata.json", METADATA)), "bad-bundle", "../evil"),
    "inner-parent-folder": (lambda: zipped(("a/../../evil", "x")), "bad-bundle", "`..`"),
    "absolute": (lambda: zipped(("/etc/evil", "x")), "bad-bundle", "absolute"),
    "backslash": (lambda: zipped(("a\\b", "x")), "bad-bundle", "backslash"),
    "link": (linked, "bad-bundle", "not a plain file"),
    "twice": (twice, "bad-bundle", "twice"),
    "encrypted": (encrypted, "bad-bundle", "password"),
    "lying-about-its-size": (lying, "bad-bundle", "longer than it says"),
    "no-metadata": (lambda: zipped(("function.wasm", MODULE)), "bad-metadata", "no metadata.json"),
    "metadata-not-json": (lambda: with_metadata("language: wasm"), "bad-metadata", "not JSON"),
    "metadata-a-list": (lambda: with_metadata("[]"), "bad-metadata", "object"),
    "no-language": (lambda: with_metadata('{"entrypointFile": "function.wasm"}'), "bad-metadata", "`language`"),
    "other-language": (lambda: with_metadata(METADATA.replace("wasm", "cobol", 1)), "bad-metadata", "`cobol`"),
    "no-entrypoint": (lambda: with_metadata('{"language": "wasm"}'), "bad-metadata", "`entrypointFile`"),
    "other-entrypoint": (lambda: with_metadata(METADATA.replace("function", "other")), "bad-metadata", "other.wasm"),
    "not-wasm": (lambda: zipped(("metadata.json", METADATA), ("function.wasm", "hello")), "not-wasm", "68656c6c6f"),
    "no-handler": (lambda: zipped(("metadata.json", METADATA), ("function.wasm", (GUESTS / "run.wat").read_bytes())),
                   "no-entry-point", "`handler`"),
}


def post_form(server, name, content, filename='; filename="f.zip"', **headers):
    form = b"".join([f'--x\r\nContent-Disposition: form-data; name="file"{filename}\r\n\r\n'.encode(), content,
                     b"\r\n--x--\r\n"])
    return server.request("POST", f"/api/v1/handler/{name}", form,
                          {"Content-Type": "multipart/form-data; boundary=x", **headers})


def expect_error(server, answer, status, slug, *words):
    document = expect(server, answer, status, slug, *words)
    assert document["error"] == document["detail"], "what clients of this API read"


@pytest.mark.parametrize("bundle", BUNDLES)
def test_a_bad_bundle_says_why_and_leaves_nothing(survivor, bundle):
    make, slug, word = BUNDLES[bundle]
    status = 422 if slug == "no-entry-point" else 400
    expect_error(survivor, post_form(survivor, "bundle", make()), status, slug, word)
    assert survivor.get("/bundle").status == 404


def test_a_form_without_a_bundle_is_refused(survivor):
    good = with_metadata(METADATA)
    expect_error(survivor, post_form(survivor, "bundle", good, ""), 400, "bad-multipart", "No file uploaded")
    expect_error(survivor, post_form(survivor, "bundle", good, '; filename="f.tar"'), 400, "bad-bundle", "not a zip")
    form = {"Content-Type": "multipart/form-data; boundary=y"}
    expect_error(survivor, post_form(survivor, "bundle", good, **form), 400, "bad-multipart")
    form = {"Content-Type": "multipart/form-data"}
    expect_error(survivor, post_form(survivor, "bundle", good, **form), 400, "bad-multipart", "boundary")
    expect_error(survivor, post_form(survivor, "exec", good), 409, "reserved-name")
    expect_error(survivor, post_form(survivor, "-", good), 400, "bad-name")
    assert survivor.get("/bundle").status == 404


def test_a_handler_that_is_not_there_is_not_found(survivor):
    json = {"Content-Type": "application/json"}
    survivor.deploy("handle-me", "run")
    answer = survivor.request("POST", "/api/v1/handler/handle-mee", "{}", json)
    expect_error(survivor, answer, 404, "unknown-function", "Handler not found", "`handle-me`")
    expect_error(survivor, survivor.get("/api/v1/handler/handle-me"), 415, "unsupported-media-type")
    survivor.deploy("trapping", "trap")
    expect_error(survivor, survivor.request("POST", "/api/v1/handler/trapping", "{}", json), 500, "trap")


# --- Calls -------------------------------------------------------------------------------------------------------

CALLS = {
    "trap": ("trap", 500, "trap", ["unreachable"]),
    "stack": ("recurse", 500, "trap", ["stack"]),
    "pointer": ("bad-pointer", 500, "trap", ["not inside the memory"]),
    "exception": ("throw", 500, "trap", ["exception"]),
    "start": (b'(module (func $f unreachable) (start $f) (func (export "_start")))', 500, "trap", ["unreachable"]),
    "data": (b'(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))', 500, "trap", ["memory"]),
    "exit": ("exit-three", 500, "exit-code", ["code 3"]),
    "memory": ("grow?memory=1MiB", 500, "out-of-memory", ["1 MiB"]),
    "memory-at-start": (b'(module (memory 65536) (func (export "_start")))', 500, "out-of-memory", ["128 MiB"]),
    "hog": ("hog?memory=32MiB", 500, "out-of-memory", ["32 MiB"]),
    "cpu": ("loop?cpu=50ms", 504, "too-slow", ["50 ms of CPU time"]),
    "wall-while-running": ("loop?timeout=50ms", 504, "too-slow", ["ran for its 50 ms"]),
    "wall-while-waiting": ("nap?timeout=50ms", 504, "too-slow", ["not done after its 50 ms"]),
    "wall-in-start": (b'(module (func $f (loop (br 0))) (start $f) (func (export "_start")))?timeout=50ms',
                      504, "too-slow", ["50 ms"]),
    "response": ("two-iovecs?response=12", 500, "response-too-large", ["12 bytes"]),
    "handle-response": ("handle?response=1", 500, "response-too-large", ["limit of 1"]),
    "cgi": ("two-iovecs?cgi=true", 500, "no-cgi-headers", ["no empty line"]),
    "cgi-empty": ("exit-zero?cgi=true", 500, "no-cgi-headers", ["no empty line"]),
    "silent": ("silent-handle", 502, "no-response", ["response_set_status_line"]),
    "header": ("bad-header", 502, "bad-response", ["X-a has control characters"]),
}


def deploy_case(server, name, case):
    guest, _, query = case.partition("?" if isinstance(case, str) else b"?")
    answer = server.deploy(name, guest, "?" + (query if isinstance(query, str) else query.decode()))
    assert answer.status in (200, 201), answer.text


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_says_why_to_the_client_and_to_the_log(survivor, call):
    case, status, slug, words = CALLS[call]
    deploy_case(survivor, "failing", case)
    document = expect(survivor, survivor.get("/failing"), status, slug, *words)
    line = survivor.wait_for_log(event="failure", id=document["instance"])
    assert (line["function"], line["type"], line["reason"]) == ("failing", slug, document["detail"])


def test_the_stack_of_a_trap_goes_to_the_log_and_only_the_reason_to_the_client(survivor):
    survivor.deploy("failing", "trap")
    answer = survivor.get("/failing")
    line = survivor.wait_for_log(event="trap", id=answer.headers["X-Request-Id"])
    frames = [line["backtrace"].index(name) for name in ("innermost", "middle")]
    assert frames == sorted(frames)
    assert "innermost" not in answer.text and "middle" not in answer.text


def test_a_response_that_has_begun_is_cut_off_when_its_function_fails(survivor):
    survivor.deploy("failing", "flood", "?response=1MiB")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        survivor.get("/failing")
    survivor.wait_for_log(event="failure", function="failing", type="response-too-large",
                          reason="the function wrote more than its 1048576 bytes")


def test_an_unknown_function_is_named_with_those_that_are_near(survivor):
    survivor.deploy("sudoku", "run")
    answer = survivor.get("/sudoko?a=b")
    expect(survivor, answer, 404, "unknown-function", "`sudoko`", "did you mean `sudoku`?")
    assert "mean" not in expect(survivor, survivor.get("/nothing-like-it"), 404, "unknown-function")["detail"]
    expect(survivor, survivor.get(f"{FUNCTIONS}/sudokuu"), 404, "unknown-function", "`sudoku`")
    expect(survivor, survivor.get("/"), 404, "not-found")
    expect(survivor, survivor.get("/sudoku/below"), 404, "unknown-function")


# --- Pages -------------------------------------------------------------------------------------------------------


def test_every_type_has_a_page_and_the_index_has_every_type(survivor):
    index = survivor.get("/_mayfly/errors/")
    assert (index.status, index.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    links = re.findall(r'<td><a href="(/_mayfly/errors/([a-z-]+))">\2</a>', index.text)
    assert len(links) > 40 and len(set(links)) == len(links)
    met = {case[2] for case in [*UPLOADS.values(), *CALLS.values()]} | {case[1] for case in BUNDLES.values()}
    assert met <= {slug for _, slug in links}
    for link, slug in links:
        page = survivor.get(link)
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), slug
        assert re.search(r"<h1>.+</h1>\n<p>.{30,}</p>", page.text), f"{slug} says what to do"
    expect(survivor, survivor.get("/_mayfly/errors/no-such-type"), 404, "not-found")


# --- Neighbours --------------------------------------------------------------------------------------------------


def test_guests_that_misbehave_harm_nobody_but_themselves(survivor):
    neighbours = {"loop?cpu=100ms": "too-slow", "hog?memory=32MiB": "out-of-memory", "trap": "trap", "recurse": "trap",
                  "nap?timeout=20ms": "too-slow", "exit-three": "exit-code"}
    for case in neighbours:
        deploy_case(survivor, case.partition("?")[0], case)
    deploy_case(survivor, "flood", "flood?response=1MiB")
    survivor.deploy("hello", "two-iovecs")
    over, wrong, calls = threading.Event(), [], dict.fromkeys(neighbours, 0)

    def misbehave(case):
        while not over.is_set():
            answer = survivor.get("/" + case.partition("?")[0])
            calls[case] += 1
            if answer.problem != neighbours[case]:
                wrong.append((case, answer.text))

    def flood():
        while not over.is_set():
            try:
                wrong.append(("flood", survivor.get("/flood").status))
            except (http.client.IncompleteRead, ConnectionResetError):
                pass

    threads = [threading.Thread(target=misbehave, args=(case,), daemon=True) for case in neighbours]
    threads.append(threading.Thread(target=flood, daemon=True))
    for thread in threads:
        thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", survivor.port, timeout=30)
    greeted = 0
    try:
        while greeted < 200 or min(calls.values()) < 3:
            connection.request("GET", "/hello")
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"Hello World!\n")
            greeted += 1
    finally:
        over.set()
        connection.close()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    until(lambda: survivor.sandboxes() == 0, "every sandbox to be given back")


def test_a_call_whose_client_leaves_gives_its_sandbox_back(survivor):
    survivor.deploy("nap", "nap", "?timeout=60s")
    connection = http.client.HTTPConnection("127.0.0.1", survivor.port, timeout=30)
    connection.request("GET", "/nap")
    until(lambda: survivor.sandboxes() == 1, "the call to start")
    connection.close()
    until(lambda: survivor.sandboxes() == 0, "the sandbox to be given back")


def test_the_server_survived_all_of_this(survivor):
    assert survivor.process.poll() is None
    assert survivor.get("/_mayfly/v1/health").json["status"] == "ok"
    assert survivor.stop() == 0
    survivor.start()
    assert survivor.get("/hello").text == "Hello World!\n"


def test_an_upload_to_the_url_of_a_function_is_told_where_to_go(survivor):
    answer = survivor.request("PUT", "/brand-new", b"")
    expect(survivor, answer, 404, "unknown-function", "PUT it to /_mayfly/v1/functions/brand-new")
