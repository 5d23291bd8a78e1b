"""Functions from source that do what they should not: one table of what comes of it, in every language."""

import http.client
import random
import threading

import pytest
from conftest import FUNCTIONS, Server, resident_bytes, until
from hostile_sources import DEPLOYS, GOOD, NESTED, REQUESTS, UNUSUAL, js, lua, perl, php, python, ruby
from languages import bundle

INVALID = b'{"a": "\xff", "b": [1,'
MEBIBYTE = 1 << 20


class Functions:
    """A server, with a neighbour that has to answer whatever other functions do."""

    def __init__(self, server):
        self.server, self.count = server, 0
        assert self.put("neighbour", "js", js("return 'here';")).status == 201

    def put(self, name, language, source, query="cpu=5s"):
        body = source.encode() if isinstance(source, str) else source
        chosen = f"language={language}&" if language else ""
        return self.server.request("PUT", f"{FUNCTIONS}/{name}?{chosen}{query}", body)

    def deploy(self, language, source, query="cpu=5s"):
        """A name of its own, and the answer."""
        self.count += 1
        name = f"f{self.count}"
        return name, self.put(name, language, source, query)

    def function(self, language, source, query="cpu=5s"):
        name, answer = self.deploy(language, source, query)
        assert answer.status == 201, answer.text
        return name

    def check_neighbour(self):
        assert self.server.get("/neighbour").body == b"here"


@pytest.fixture(scope="module")
def functions(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("hostile") / "data").start()
    yield Functions(server)
    assert not [line for line in server.log() if line.get("type") == "internal"]
    assert server.stop() == 0


def table(cases):
    return [pytest.param(language, case, id=f"{case}-{language}") for case, each in cases.items() for language in each]


@pytest.mark.parametrize(("language", "case"), table(REQUESTS))
def test_a_request(functions, language, case):
    problem, says, source = REQUESTS[case][language]
    query = ("cpu=300ms" if problem == "too-slow" else "cpu=5s") + ("&cgi=true" if problem == "bad-cgi-headers" and language == "c" else "")
    name = functions.function(language, source, query)
    answer = functions.server.request("POST", f"/{name}", INVALID)
    assert answer.problem == problem and says in answer.json["detail"], answer.text
    assert len(answer.body) < 16384 and b"evil" not in bytes(str(answer.headers), "utf-8")
    functions.check_neighbour()


@pytest.mark.parametrize(("language", "case"), table(DEPLOYS))
def test_a_deploy(functions, language, case):
    begins, says, source = DEPLOYS[case][language]
    name, answer = functions.deploy(language, source, "cpu=300ms" if "300 ms" in says else "cpu=5s")
    assert answer.status == 422 and answer.problem == "bad-source", answer.text
    detail = answer.json["detail"]
    assert detail.startswith(begins) and says in detail, detail
    assert len(answer.body) < 32768
    assert functions.server.get(f"/{name}").status == 404
    functions.check_neighbour()


@pytest.mark.parametrize(("language", "case"), table(UNUSUAL))
def test_a_source_that_looks_strange(functions, language, case):
    name = functions.function(language, UNUSUAL[case][language])
    assert functions.server.get(f"/{name}").body == b"good"


@pytest.mark.parametrize(("language", "case"), table(NESTED))
def test_what_is_nested_deeply(functions, language, case):
    name, answer = functions.deploy(language, NESTED[case][language])
    if answer.status == 201:
        answer = functions.server.get(f"/{name}")
        assert (answer.status, answer.body) == (200, b"good"), answer.text
    else:
        assert answer.status == 422 and answer.problem == "bad-source" and answer.json["detail"], answer.text
    functions.check_neighbour()


BUNDLES = {
    "no entry file": ({"readme.txt": "x"}, "language=js", 400, "bad-bundle"),
    "an entry file that is not there": ({"main.js": GOOD["js"]}, "language=js&entrypoint=other.js", 400, ""),
    "an entry file outside": ({"main.js": GOOD["js"]}, "language=js&entrypoint=../../etc/passwd", 400, ""),
    "an absolute entry file": ({"main.js": GOOD["js"]}, "language=js&entrypoint=/etc/passwd", 400, ""),
    "an absolute path": ({"main.js": GOOD["js"], "/etc/x.js": "1"}, "language=js", 400, "bad-bundle"),
    "a path outside": ({"main.js": GOOD["js"], "../x.js": "1"}, "language=js", 400, "bad-bundle"),
}


@pytest.mark.parametrize("case", BUNDLES)
def test_a_bundle(functions, case):
    files, query, status, problem = BUNDLES[case]
    name, answer = functions.deploy("", bundle(files), query)
    assert answer.status == status and problem in answer.problem and answer.json["detail"], answer.text
    assert functions.server.get(f"/{name}").status == 404


ECHO = {
    "js": "export async function handler(request) { return new Uint8Array(await request.arrayBuffer()) }",
    "python": python("return request.body"),
    "ruby": ruby("request.body"),
    "php": php("header('Content-Type: application/octet-stream'); echo file_get_contents('php://input');"),
    "lua": lua("return request.body"),
    "perl": perl("return $request->body;"),
}


@pytest.mark.parametrize("language", ECHO)
def test_bytes_that_are_no_text(functions, language):
    name = functions.function(language, ECHO[language])
    body = bytes(range(256)) * 300
    answer = functions.server.request("POST", f"/{name}", body, {"X-A": b"\xff\xfe\x80"})
    assert (answer.status, answer.body) == (200, body)
    for target in ("?a=%ff&b=%00&%zz&=&&c=%u1234", "?%", "?" + "&" * 5000):
        assert functions.server.request("POST", f"/{name}{target}", body).body == body


LARGE = {
    "js": js("return 'x'.repeat(64 << 20);"),
    "python": python("return 'x' * (64 << 20)"),
    "ruby": ruby("'x' * (64 << 20)"),
    "php": php("ini_set('memory_limit', -1); echo str_repeat('x', 64 << 20);"),
    "lua": lua("return string.rep('x', 64 << 20)"),
    "perl": perl("my $n = 64 << 20; return 'x' x $n;"),
}


@pytest.mark.parametrize("language", LARGE)
def test_64_mebibytes_of_text(functions, language):
    name = functions.function(language, LARGE[language], "cpu=10s&memory=640MiB&response=65MiB")
    answer = functions.server.get(f"/{name}")
    assert answer.status == 200 and answer.body == b"x" * (64 * MEBIBYTE), (answer.status, answer.body[:300])
    limited = functions.function(language, LARGE[language], "cpu=10s&memory=640MiB")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):  # when it is too large the beginning is sent
        functions.server.get(f"/{limited}")
    functions.check_neighbour()


@pytest.mark.parametrize("language", ["js", "python", "ruby", "php", "lua", "perl"])
def test_bombs_disturb_no_neighbour_and_leave_nothing(functions, language):
    _, _, source = REQUESTS["a memory bomb"][language]
    name, answers, ended = functions.function(language, source), [], threading.Event()

    def ask():
        while not ended.is_set():
            answers.append(functions.server.get("/neighbour").body)

    def burst():
        bombs = [threading.Thread(target=functions.server.get, args=(f"/{name}",)) for _ in range(3)]
        for bomb in bombs:
            bomb.start()
        for bomb in bombs:
            bomb.join()

    burst()
    neighbour = threading.Thread(target=ask)
    neighbour.start()
    before = resident_bytes(functions.server)
    for _ in range(2):
        burst()
    ended.set()
    neighbour.join()
    assert len(answers) > 0 and set(answers) == {b"here"}
    until(lambda: functions.server.sandboxes() == 0, "the functions to end")
    until(lambda: resident_bytes(functions.server) - before < 48 * MEBIBYTE, "the memory to be given back")
