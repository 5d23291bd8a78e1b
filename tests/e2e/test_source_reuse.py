"""Functions from source whose sandboxes serve more than one request, because their author asks: `reuse`."""

import pytest
from conftest import FUNCTIONS, Server, Wire, until
from test_egress import Origin

COUNTERS = {
    "js": "let n = 0; export function handler() { return `${++n}`; }",
    "python": "n = 0\ndef handler(request):\n    global n\n    n += 1\n    return str(n)\n",
    "ruby": "$n = 0\ndef handler(request) = ($n += 1).to_s\n",
    "lua": "local n = 0\nfunction handler(request) n = n + 1 return tostring(n) end",
    "go": "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n)\n\nvar n int\n\n"
          "func Handler(w http.ResponseWriter, r *http.Request) { n++; fmt.Fprint(w, n) }\n",
}
JS = """
let n = 0;
const seen = [];
export default {
  async fetch(request) {
    const path = new URL(request.url).searchParams.get("do");
    n += 1;
    if (path === "throw") throw new Error("not now");
    if (path === "loop") for (;;);
    if (path === "grow") { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); }
    if (path === "wait") await new Promise((resolve) => setTimeout(resolve, 300));
    if (path === "random") { seen.push(Math.random()); return Response.json(seen); }
    if (path === "later") setTimeout(() => seen.push("late"), 50);
    if (path === "fetch") await fetch(new URL(request.url).searchParams.get("from"));
    return new Response(`${n} ${await request.text()}`);
  },
};
"""


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """With one loop: sandboxes belong to that of their connection."""
    running = Server(binary, tmp_path_factory.mktemp("reuse") / "data", "--threads", "1").start()
    yield running
    assert running.stop() == 0


def deploy(server, name, source, query):
    made = server.request("PUT", f"{FUNCTIONS}/{name}{query}", source.encode())
    assert made.status in (200, 201), made.text
    # Until then sandboxes may make room for those with better code.
    server.wait_for_optimised(name)


@pytest.mark.parametrize("language", COUNTERS)
def test_a_sandbox_serves_as_many_as_it_may(server, language):
    deploy(server, f"count-{language}", COUNTERS[language], f"?language={language}&reuse=3")
    assert [server.get(f"/count-{language}").text for _ in range(7)] == ["1", "2", "3", "1", "2", "3", "1"]


@pytest.mark.parametrize("language", COUNTERS)
def test_without_it_every_request_has_its_own(server, language):
    deploy(server, f"fresh-{language}", COUNTERS[language], f"?language={language}")
    assert [server.get(f"/fresh-{language}").text for _ in range(3)] == ["1", "1", "1"]


@pytest.fixture(scope="module")
def js(server):
    deploy(server, "warm", JS, "?reuse=100&cpu=200ms&memory=32MiB")
    return server


def ask(server, do="", body=b"", name="warm"):
    return server.request("POST", f"/{name}?do={do}", body)


def test_each_request_has_its_own_body(js):
    first = int(ask(js, "", b"").text.split()[0])
    assert [ask(js, "", body).text for body in (b"one", b"", b"x" * 100_000, b"two")] == [
        f"{first + 1} one", f"{first + 2} ", f"{first + 3} " + "x" * 100_000, f"{first + 4} two"]


def test_an_exception_leaves_it_in_use(js):
    before = int(ask(js).text.split()[0])
    failed = ask(js, "throw")
    assert failed.status == 500 and failed.problem == "exception" and "not now" in failed.json["detail"]
    assert ask(js).text.split()[0] == str(before + 2)


@pytest.mark.parametrize(("do", "problem"), [("loop", "too-slow"), ("grow", None)])
def test_what_ends_a_sandbox_ends_only_that(js, do, problem):
    ask(js)
    failed = ask(js, do)
    assert failed.status >= 500 and problem in (None, failed.problem), failed.text
    if problem:
        assert ask(js).text.split()[0] == "1"


def test_requests_at_the_same_time_have_sandboxes_of_their_own(js):
    wires = [Wire(js) for _ in range(3)]
    for wire in wires:
        wire.send(b"POST /warm?do=wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nw")
    until(lambda: js.sandboxes() == 3, "three sandboxes")
    for wire in wires:
        with wire:
            assert wire.read("POST").text.endswith(" w")


def test_a_client_that_leaves_takes_its_sandbox_along(js):
    ask(js)
    deploy(js, "left", JS, "?reuse=100")
    with Wire(js) as leaving:
        leaving.send(b"POST /left?do=wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        until(lambda: js.sandboxes() == 1, "it to wait")
    until(lambda: js.sandboxes() == 0, "its sandbox to go")
    assert ask(js, name="left").text.split()[0] == "1"


def test_chance_is_new_in_each_request(js):
    deploy(js, "chance", JS, "?reuse=100")
    for _ in range(3):
        seen = js.request("POST", "/chance?do=random", b"").json
    assert len(seen) == 3 and len(set(seen)) == 3
    fresh = {js.request("POST", "/chance?do=random", b"").json[-1] for _ in range(5)}
    assert len(fresh) == 5


def test_the_network_is_on_the_receipt_of_who_used_it(js):
    with Origin() as origin:
        deploy(js, "net", JS, f"?reuse=100&allow=http={origin.url('')}&allow=private")
        for do in ("", "fetch", "fetch", ""):
            answer = js.request("POST", f"/net?do={do}&from={origin.url('/')}", b"")
            assert answer.status == 200, answer.text

    def lines():
        return [line for line in js.log() if line["event"] == "request" and line["target"].startswith("/net?")]

    until(lambda: len(lines()) == 4, "the lines of four requests")
    assert [line.get("requests", 0) for line in lines()] == [0, 1, 1, 0]


def test_a_new_version_has_new_sandboxes(js):
    deploy(js, "swap", COUNTERS["js"], "?reuse=100")
    assert [js.get("/swap").text for _ in range(2)] == ["1", "2"]
    deploy(js, "swap", COUNTERS["js"].replace("++n", "(n += 10)"), "?reuse=100")
    assert [js.get("/swap").text for _ in range(2)] == ["10", "20"]


def test_no_sandbox_is_kept_in_use(js):
    assert js.sandboxes() == 0


def test_only_one_request_at_a_time(server):
    refused = server.request("PUT", f"{FUNCTIONS}/several?reuse=9&reuse_concurrency=2", COUNTERS["js"].encode())
    assert refused.status in (400, 422) and "one request after the other" in refused.json["detail"], refused.text


def test_php_begins_anew_each_time(server):
    refused = server.request("PUT", f"{FUNCTIONS}/page?reuse=9&language=php", b"<?php echo 1;")
    assert refused.status in (400, 422) and "`reuse`" in refused.json["detail"], refused.text
