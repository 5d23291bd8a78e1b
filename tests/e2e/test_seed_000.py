"""Seed 000: bundles uploaded as multipart/form-data to /api/v1/handler/NAME, called there with JSON, and at /NAME."""

import concurrent.futures
import io
import json
import signal
import stat
import subprocess
import zipfile

import pytest

from conftest import EXAMPLES, GUESTS, Server, Wire

API = "/api/v1/handler"
JSON = {"Content-Type": "application/json"}
BUNDLE = (EXAMPLES / "name-twice" / "name-twice.zip").read_bytes()
ECHO = (GUESTS / "handler.wat").read_bytes()  # answers its input and a line break
METADATA = '{"language": "wasm", "entrypointFile": "function.wat"}'


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("000") / "data").start()
    yield server
    assert server.stop() == 0


def zipped(*files):
    """A zip of (name or ZipInfo, content)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def bundle(module=ECHO, metadata=METADATA):
    return zipped(("metadata.json", metadata), ("function.wat", module))


def saying(text):
    """A module with `_start`, which says "start", and with `handler`, which says this text of five bytes."""
    two_entries = (GUESTS / "two-entries.wat").read_text()
    return two_entries.replace('(export "other")', '(export "handler")').replace('"other"', f'"{text}"')


def part(content, disposition='name="file"; filename="bundle.zip"'):
    return f"--limit\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def upload(server, name, *parts, content_type="multipart/form-data; boundary=limit"):
    """POSTs a form of one bundle, or of these parts."""
    return server.request("POST", f"{API}/{name}", b"".join(parts) + b"--limit--\r\n", {"Content-Type": content_type})


def uploaded(server, name, content):
    answer = upload(server, name, part(content))
    assert answer.status == 200, answer.text


def error_of(answer, status, slug):
    """The `error` that this seed's clients read."""
    assert (answer.status, answer.problem) == (status, slug), answer.text
    assert answer.json["error"] == answer.json["detail"]
    return answer.json["error"]


# --- Upload and call ---------------------------------------------------------------------------------------------


def test_the_sample_as_the_seeds_clients_use_it(server):
    answer = upload(server, "twice", part(BUNDLE))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == b'{"status":"ok", "message":"Handler twice uploaded"}'
    called = server.request("GET", f"{API}/twice", '{"name":"John"}', JSON)
    assert (called.status, called.headers["Content-Type"]) == (200, "application/json")
    assert called.body == b'{"name_twice":"John John"}\n', "standard output, verbatim"


def test_curl_uploads_and_calls(server):
    def curl(*arguments):
        made = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        return made.stdout

    sample = EXAMPLES / "name-twice"
    url = f"{server.url}{API}/curled"
    for expect in ("Expect: 100-continue", "Expect:"):
        assert curl("-F", f"file=@{sample / 'name-twice.zip'}", "-H", expect, url) == (
            '{"status":"ok", "message":"Handler curled uploaded"}')
    assert curl("-X", "GET", "-H", "Content-Type: application/json", "-d", '{"name":"Ada"}', url) == (
        '{"name_twice":"Ada Ada"}\n')
    assert curl("--json", '{"name":"Ada"}', f"{server.url}/curled") == '{"name_twice":"Ada Ada"}\n'


def test_an_upload_that_waits_to_be_asked_for_its_body(server):
    form = part(BUNDLE) + b"--limit--\r\n"
    head = (f"POST {API}/asked HTTP/1.1\r\nHost: h.localhost\r\nContent-Type: multipart/form-data; boundary=limit\r\n"
            f"Content-Length: {len(form)}\r\nExpect: 100-continue\r\n\r\n")
    with Wire(server) as wire:
        wire.send(head.encode())
        assert wire.read().status == 100
        wire.send(form)
        assert wire.read().status == 200
        wire.send(f"POST {API}/asked HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\n".encode() + b'{"name":"Joe"}')
        assert wire.read().text == '{"name_twice":"Joe Joe"}\n'


def test_an_uploaded_handler_is_a_function_like_any_other(server):
    uploaded(server, "like-any", bundle())
    assert server.request("POST", "/like-any", "in").text == "in\n"
    assert server.get("/like-any").text == "\n"
    shown = server.get("/_mayfly/v1/functions/like-any").json
    assert (shown["kind"], shown["entry"], len(shown["versions"])) == ("handler", "handler", 1)
    server.request("DELETE", "/_mayfly/v1/functions/like-any")
    error_of(server.request("GET", f"{API}/like-any", "{}", JSON), 404, "unknown-function")


def test_a_function_deployed_otherwise_is_called_here_too(server):
    server.deploy("deployed", "run")
    assert server.request("GET", f"{API}/deployed", "{}", JSON).text == "42"


def test_any_other_post_calls(server):
    uploaded(server, "posted", bundle())
    for headers in (JSON, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        assert server.request("POST", f"{API}/posted", "in", headers).text == "in\n"
    json_of_browsers = {"Content-Type": "application/json; charset=utf-8"}
    assert server.request("GET", f"{API}/posted", "in", json_of_browsers).text == "in\n"
    assert server.request("GET", f"{API}/posted", None, JSON).text == "\n", "a body is not required"


def test_what_passes_through_is_not_touched(server):
    """Seed 000 decoded it and encoded it again."""
    uploaded(server, "bytes", bundle())
    content = bytes(range(256)) * 100
    assert server.request("POST", f"{API}/bytes", content, JSON).body == content + b"\n"


def test_start_is_not_called_when_there_is_a_handler(server):
    uploaded(server, "both", bundle(saying("other")))
    assert server.request("POST", f"{API}/both", "{}", JSON).text == "other"


def test_a_second_upload_replaces_the_first(server):
    uploaded(server, "replaced", bundle())
    uploaded(server, "replaced", BUNDLE)
    assert server.request("GET", f"{API}/replaced", '{"name":"A"}', JSON).text == '{"name_twice":"A A"}\n'


@pytest.mark.parametrize(
    "parts",
    [
        [part(bundle(), 'name="anything"; filename="x.zip"')],
        [part(b"text", 'name="comment"'), part(bundle())],
        [part(bundle()), part(b"text", 'name="comment"'), part(b"ignored", 'name="b"; filename="second.zip"')],
        [part(bundle(), 'name="file"; filename="a folder/b\u00fc ndle.zip"; x=y')],
        [part(zipped(("folder/", ""), ("folder/function.wat", ECHO),
                     ("metadata.json", METADATA.replace("function", "folder/function"))))],
        [part(zipped(("README", "x"), ("function.wat", ECHO), ("metadata.json", METADATA)))],
        [part(bundle(metadata=METADATA.replace(", ", ',\r\n  "x": [1],\r\n  ') + "\r\n"))],
    ],
    ids=["name", "text first", "more parts", "file name", "folder", "order", "metadata"],
)
def test_forms_and_bundles_that_differ(server, parts):
    assert upload(server, "differs", *parts).status == 200
    assert server.request("GET", f"{API}/differs", "in", JSON).text == "in\n"
    server.request("DELETE", "/_mayfly/v1/functions/differs")


def test_media_types_have_no_case(server):
    """RFC 9110 section 8.3.1."""
    assert upload(server, "cased", part(bundle()), content_type="Multipart/Form-Data; boundary=limit").status == 200
    assert server.request("GET", f"{API}/cased", "in", {"Content-Type": "Application/JSON"}).text == "in\n"


def test_a_name_is_decoded(server):
    uploaded(server, "na%6De", bundle())
    assert server.request("GET", f"{API}/name", "in", JSON).text == "in\n"


def test_uploads_and_calls_at_the_same_time(server):
    """20 handlers are uploaded while another is called; none is mixed up with another."""
    uploaded(server, "called", bundle())

    def upload_and_call(number):
        uploaded(server, f"many-{number}", bundle(saying(f"no{number:03}")))
        assert server.request("POST", f"{API}/called", str(number)).text == f"{number}\n"
        return server.request("POST", f"{API}/many-{number}", "{}").text

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert list(pool.map(upload_and_call, range(20))) == [f"no{number:03}" for number in range(20)]


# --- Errors ------------------------------------------------------------------------------------------------------


def test_what_the_seed_said_is_still_said(server):
    assert error_of(upload(server, "refused", part(b"text", 'name="a"')), 400, "bad-multipart") == "No file uploaded"
    assert error_of(upload(server, "refused"), 400, "bad-multipart")
    assert error_of(upload(server, "refused", part(b"x", 'name="a"; filename="a.tar"')), 400, "bad-bundle") == (
        "File is not a zip file")
    assert error_of(server.request("GET", f"{API}/nobody", "{}", JSON), 404, "unknown-function") == "Handler not found"


@pytest.mark.parametrize("input_", ["", "not json", "{}", '{"name":1}'])
def test_a_panic_is_an_answer(server, input_):
    """Seed 000 never answered."""
    uploaded(server, "panics", BUNDLE)
    error_of(server.request("GET", f"{API}/panics", input_, JSON), 500, "trap")
    assert server.request("GET", f"{API}/panics", '{"name":"A"}', JSON).text == '{"name_twice":"A A"}\n'


@pytest.mark.parametrize(
    "name, status, slug",
    [("", 400, "bad-name"), ("a%2Fb", 400, "bad-name"), ("a/b", 400, "bad-name"), ("..%2F..%2Fetc", 400, "bad-name"),
     ("..", 400, "bad-name"), ("%00", 400, "bad-name"), ("%", 400, "bad-name"), ("x" * 64, 400, "bad-name"),
     ("api", 409, "reserved-name")],
)
def test_a_name_that_cannot_be(server, name, status, slug):
    error_of(upload(server, name, part(bundle())), status, slug)


def symbolic_link():
    link = zipfile.ZipInfo("function.wat")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return link


def doubled():
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zipped(("metadata.json", METADATA), ("function.wat", ECHO), ("function.wat", "x"))


@pytest.mark.parametrize(
    "make, slug, said",
    [
        (lambda: b"PK\3\4 no more", "bad-bundle", "damaged"),
        (lambda: b"hello", "bad-bundle", "not a zip"),
        (lambda: zipped(("../evil", "x"), ("metadata.json", METADATA)), "bad-bundle", "`../evil`"),
        (lambda: zipped(("/etc/evil", "x"), ("metadata.json", METADATA)), "bad-bundle", "absolute"),
        (lambda: zipped((symbolic_link(), "/etc/passwd"), ("metadata.json", METADATA)), "bad-bundle", "plain file"),
        (lambda: zipped(("bomb", bytes(50 << 20)), ("metadata.json", METADATA)), "bad-bundle", "bomb"),
        (doubled, "bad-bundle", "twice"),
        (lambda: zipped(("function.wat", ECHO)), "bad-metadata", "metadata.json"),
        (lambda: bundle(metadata="{"), "bad-metadata", "not JSON"),
        (lambda: bundle(metadata='{"language":"cobol","entrypointFile":"function.wat"}'), "bad-metadata", "`cobol`"),
        (lambda: bundle(metadata=METADATA.replace("function", "../function")), "bad-metadata", "`../function.wat`"),
        (lambda: bundle("(module"), "bad-module", "expected"),
        (lambda: bundle((GUESTS / "exit-zero.wat").read_text()), "no-entry-point", "handler"),
        (lambda: bundle('(module (import "env" "one" (func)) (func (export "handler")))'), "unknown-import", "env.one"),
    ],
    ids=["damaged", "no zip", "parent", "absolute", "link", "bomb", "twice", "no metadata", "bad metadata", "language",
         "entry point outside", "bad module", "no handler", "unknown import"],
)
def test_a_bad_bundle_leaves_the_uploaded_one_alone(server, make, slug, said):
    uploaded(server, "stays", bundle())
    status = 422 if slug in ("bad-module", "no-entry-point", "unknown-import") else 400
    assert said in error_of(upload(server, "stays", part(make())), status, slug)
    assert server.request("GET", f"{API}/stays", "in", JSON).text == "in\n"


def test_quotes_in_a_message_are_escaped(server):
    """Seed 000 put them into its JSON as they were."""
    content = zipped(('a"b/../c', "x"), ("metadata.json", METADATA))
    assert 'a"b/../c' in error_of(upload(server, "refused", part(content)), 400, "bad-bundle")


def test_a_get_wants_json(server):
    uploaded(server, "wants", bundle())
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data; boundary=limit"}):
        error_of(server.request("GET", f"{API}/wants", "in", headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_name_those_there_are(server, method):
    answer = server.request(method, f"{API}/any", b"", JSON)
    assert (answer.status, answer.problem, answer.headers["Allow"]) == (405, "method-not-allowed", "GET, POST")


@pytest.mark.parametrize(
    "method, headers, status, slug",
    [("DELETE", {}, 405, "method-not-allowed"),
     ("POST", {"Content-Length": str(1 << 40)}, 413, "body-too-large"),
     ("POST", {"Expect": "200-ok"}, 417, "expectation-failed"),
     ("POST", {"Content-Type": "multipart/form-data; boundary=limit", "Host": "evil.example",
                           "Content-Length": "9"}, 403, "foreign-host")],
)
def test_an_error_of_any_kind_has_the_member(server, method, headers, status, slug):
    error_of(server.request(method, f"{API}/any", headers=headers), status, slug)


def test_a_page_of_another_origin_may_call_but_not_upload(server):
    uploaded(server, "public", bundle())
    foreign = {"Origin": "http://evil.example", "Host": "evil.example"}
    form = {"Content-Type": "multipart/form-data; boundary=limit"}
    answer = server.request("POST", f"{API}/public", part(BUNDLE) + b"--limit--\r\n", {**foreign, **form})
    assert (answer.status, answer.problem) == (403, "foreign-host")
    assert server.request("POST", f"{API}/public", "in", {**foreign, **JSON}).text == "in\n"


# --- Restart -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_handlers_survive_a_restart(make_server, sign):
    server = make_server()
    uploaded(server, "one", BUNDLE)
    uploaded(server, "two", BUNDLE)
    uploaded(server, "two", bundle())
    server.stop(sign)
    server.start()
    assert server.request("GET", f"{API}/one", '{"name":"A"}', JSON).text == '{"name_twice":"A A"}\n'
    assert server.request("GET", f"{API}/two", "in", JSON).text == "in\n"
    assert server.request("POST", "/two", "in").text == "in\n"
    uploaded(server, "one", bundle())
    assert json.loads(server.get("/_mayfly/v1/functions/one").body)["kind"] == "handler"
