"""Pipelines: functions one after the other, each stage swapped by moving the version of its function."""

import json
import threading

import pytest

from conftest import FUNCTIONS, GUESTS, Wire, until

COMPONENTS = GUESTS / "components"


def component(name):
    for end in (".wat", ".wasm"):
        if (COMPONENTS / f"{name}{end}").exists():
            return (COMPONENTS / f"{name}{end}").read_bytes()
    raise AssertionError(name)


def frame(characters):
    """An `exec` function that puts its input between two characters."""
    return component("exec-frame").replace(b'"<>"', f'"{characters}"'.encode())


def deploy(server, name, module, query=""):
    made = server.deploy(name, module, query)
    assert made.status in (200, 201), made.text
    return made.json


def chain(server, *stages, name="chain", query=""):
    return server.deploy(name, f"stages = {json.dumps(stages)}\n".encode(), query)


@pytest.fixture
def framed(server):
    """A server with `a`, `b` and `c`, and the chain of them."""
    for name, characters in (("a", "()"), ("b", "[]"), ("c", "{}")):
        deploy(server, name, frame(characters))
    made = chain(server, "a", "b", "c")
    assert made.status == 201, made.text
    return server


def post(server, target, body=b"x", **headers):
    return server.request("POST", target, body, headers)


def test_stages_follow_each_other(framed):
    answer = post(framed, "/chain")
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "{[(x)]}", "application/json")
    assert framed.request("HEAD", "/chain").headers["Content-Length"] == "6"
    shown = framed.show("chain")
    assert (shown["kind"], shown["stages"], shown["can_only"]) == ("pipeline", ["a", "b", "c"], "call a, b, c")


def test_a_stage_is_swapped_and_rolled_back(framed):
    deploy(framed, "b", frame("<>"))
    assert post(framed, "/chain").text == "{<(x)>}"
    assert framed.request("POST", f"{FUNCTIONS}/b/rollback").status == 200
    assert post(framed, "/chain").text == "{[(x)]}"


def test_a_pipeline_has_versions_and_survives_a_restart(framed):
    assert chain(framed, "a", "a").status == 200
    assert post(framed, "/chain").text == "((x))"
    framed.stop()
    framed.start()
    assert post(framed, "/chain").text == "((x))"
    assert framed.request("POST", f"{FUNCTIONS}/chain/rollback").status == 200
    assert post(framed, "/chain").text == "{[(x)]}"
    assert len(framed.show("chain")["versions"]) == 2
    assert framed.request("DELETE", f"{FUNCTIONS}/chain").status == 200
    assert framed.get("/chain").problem == "unknown-function"


def test_kinds_are_mixed(server):
    deploy(server, "frame", frame("()"))
    deploy(server, "cat", "cat")
    deploy(server, "http", component("http2-echo"))
    deploy(server, "http3", component("http3-echo"))
    deploy(server, "handler", "handler")
    deploy(server, "number", "run")
    deploy(server, "handle", "handle")
    for stages, answer in (
        (["frame", "http", "cat", "http3", "frame"], b"((x))"),
        (["http", "frame"], b"(x)"),
        (["frame", "http3"], b"(x)"),
        (["handler", "frame"], b"(x\n)"),
        (["frame", "number", "frame"], b"(42)"),
        (["handle", "frame"], b"(hi)"),
    ):
        chain(server, *stages)
        assert post(server, "/chain").body == answer, stages
    chain(server, "frame", "http")
    assert post(server, "/chain").headers["Content-Type"] == "application/json", "the body's, by the stage that made it"
    chain(server, "frame", "handle")
    made = post(server, "/chain")
    assert (made.status, made.reason, made.headers["X-a"]) == (201, "Made", "b"), "the last stage's response"


def test_a_stage_sees_the_request_but_for_the_body(server):
    deploy(server, "frame", frame("()"))
    deploy(server, "wagi", "wagi", "?cgi=true")
    deploy(server, "echo", "echo")
    chain(server, "frame", "echo")
    answer = server.request("POST", "/chain?name=Ada", b"x")
    assert b"echo\0" in answer.body and b"name=Ada" in answer.body and answer.body.endswith(b"(x)")


@pytest.mark.parametrize("size", [65_535, 65_537, 3_000_000])
def test_large_bodies(server, size):
    deploy(server, "cat", "cat")
    deploy(server, "http", component("http2-echo"))
    deploy(server, "frame", frame("()"))
    chain(server, "cat", "http", "frame", "cat", "http")
    body = b"x" * size
    assert post(server, "/chain", body).body == b"(" + body + b")"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_stage_that_fails_ends_the_chain(framed, place):
    deploy(framed, "bad", "trap")
    stages = ["a", "b", "c"]
    stages[place] = "bad"
    chain(framed, *stages)
    answer = post(framed, "/chain")
    assert (answer.status, answer.problem) == (500, "trap")
    assert "stage `bad` of `chain`" in answer.json["detail"]
    line = framed.wait_for_log(event="request", id=answer.json["instance"])
    assert [stage["status"] for stage in line["stages"]] == [200] * place + [500]


@pytest.mark.parametrize("status", [304, 401, 503])
def test_an_answer_that_is_no_success_is_the_answer(framed, status):
    refusing = (GUESTS / "handle.wat").read_text().replace("(i32.const 201)", f"(i32.const {status})")
    deploy(framed, "refusing", refusing.encode())
    chain(framed, "a", "refusing", "c")
    answer = post(framed, "/chain")
    assert (answer.status, answer.headers["X-a"], answer.text) == (status, "b", "" if status == 304 else "hi")
    line = framed.wait_for_log(event="request", id=answer.headers["X-Request-Id"])
    assert [(stage["function"], stage["status"]) for stage in line["stages"]] == [("a", 200), ("refusing", status)]


@pytest.mark.parametrize("how", ["never", "trap-first", "error", "short", "long", "trap", "loop", "too-much"])
@pytest.mark.parametrize("place", ["front", "last"])
def test_an_http_stage_that_does_wrong(framed, how, place):
    deploy(framed, "bad", component("http2-bad"), "?cpu=50ms&timeout=1s&response=1MiB")
    chain(framed, *(["bad", "a"] if place == "front" else ["a", "bad"]))
    if place == "front":
        answer = framed.request("POST", f"/chain?{how}", b"x")
        assert answer.status >= 500 and "`bad`" in answer.json["detail"], "nothing was sent yet, so it is a problem"
    else:
        request = f"POST /chain?{how} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
        assert framed.raw(request.encode()).startswith(b"HTTP/1.1 ")
    until(lambda: framed.sandboxes() == 0, "the stage to end")
    line = framed.wait_for_log(event="request", function="chain")
    assert len(line["stages"]) == (1 if place == "front" else 2)
    assert post(framed, "/a").text == "(x)"


def test_limits_are_those_of_each_stage(framed):
    deploy(framed, "cat", "cat")
    deploy(framed, "small", frame("()"), "?request=10B")
    deploy(framed, "loop", component("exec-loop"), "?cpu=30ms")
    chain(framed, "a", "small")
    assert post(framed, "/chain", b"12345678").text == "((12345678))"
    refused = post(framed, "/chain", b"123456789")
    assert (refused.status, refused.problem) == (413, "body-too-large")
    assert "`small` takes a body of 10 bytes, and `a` made one of 11" in refused.json["detail"]
    chain(framed, "cat", "small")
    refused = post(framed, "/chain", b"x" * 200_000)
    assert refused.problem == "body-too-large" and "stage `cat` of `chain`" in refused.json["detail"]
    chain(framed, "small", "a")
    assert post(framed, "/chain", b"12345678901").problem == "body-too-large", "refused before it is read"
    chain(framed, "a", "loop", "c")
    slow = post(framed, "/chain")
    assert slow.problem == "too-slow" and "stage `loop`" in slow.json["detail"]
    assert framed.sandboxes() == 0


def test_the_whole_chain_has_a_time_limit(server):
    deploy(server, "nap", "nap")
    deploy(server, "frame", frame("()"))
    chain(server, "frame", "nap", query="?timeout=100ms")
    slow = post(server, "/chain")
    assert (slow.status, slow.problem) == (504, "too-slow")
    assert "the pipeline was not done after its 100 ms; it was at stage `nap`" in slow.json["detail"]
    until(lambda: server.sandboxes() == 0, "the nap to be cancelled")


def test_one_trace(framed):
    chain(framed, "a", "b", "c", query="?timing=true")
    answer = post(framed, "/chain")
    entries = [entry.split(";")[0] for entry in answer.headers["Server-Timing"].split(", ")]
    assert entries == ["a", "b", "c"]
    line = framed.wait_for_log(event="request", id=answer.headers["X-Request-Id"])
    assert line["function"] == "chain"
    assert [stage["function"] for stage in line["stages"]] == ["a", "b", "c"]
    assert [stage["version"] for stage in line["stages"]] == [framed.show(name)["version"] for name in "abc"]
    assert all(stage["status"] == 200 and 0 < stage["ns"] < line["us"] * 1000 for stage in line["stages"])
    assert line["guest_ns"] == sum(stage["guest_ns"] for stage in line["stages"])


def test_log_lines_have_the_id_of_the_request(framed):
    deploy(framed, "loud", "stderr")
    chain(framed, "a", "loud", "c")
    answer = post(framed, "/chain")
    line = framed.wait_for_log(event="function", function="loud")
    assert line["id"] == answer.headers["X-Request-Id"]


def test_metrics_count_the_pipeline_and_its_stages(framed):
    for _ in range(3):
        post(framed, "/chain")
    page = framed.get("/_mayfly/metrics").text
    for name in ("a", "b", "c", "chain"):
        assert [line for line in page.splitlines() if f'function="{name}"' in line and line.endswith(" 3")], page


def test_a_stage_that_is_removed(framed):
    assert framed.request("DELETE", f"{FUNCTIONS}/b").status == 200
    broken = post(framed, "/chain")
    assert (broken.status, broken.problem) == (500, "broken-pipeline")
    assert "there is no function `b`" in broken.json["detail"]
    deploy(framed, "b", frame("<>"))
    assert post(framed, "/chain").text == "{<(x)>}"


def test_pipelines_within_pipelines(framed):
    assert chain(framed, "chain", "a", name="outer").status == 201
    assert post(framed, "/outer").text == "({[(x)]})"
    looped = chain(framed, "a", "outer")
    assert (looped.status, looped.problem) == (422, "bad-pipeline")
    assert "it is a stage of itself" in looped.json["detail"]
    assert post(framed, "/outer").text == "({[(x)]})"
    for depth in range(3):
        made = chain(framed, "outer" if depth == 0 else f"deep{depth - 1}", name=f"deep{depth}")
    assert made.problem == "bad-pipeline" and "4 deep" in made.json["detail"]


def test_a_rollback_makes_no_circle(framed):
    chain(framed, "a", name="first")
    chain(framed, "first", name="second")
    chain(framed, "b", name="second")
    chain(framed, "second", name="first")
    refused = framed.request("POST", f"{FUNCTIONS}/second/rollback")
    assert refused.problem == "broken-pipeline"
    assert post(framed, "/first").text == "[x]"


@pytest.mark.parametrize("text, said", [
    ("stages = []", "`stages` is empty"),
    ("stages = [1]", "not a text"),
    ('stages = "a"', "not a list"),
    ('stages = ["a"', "pipeline:1:"),
    ('stages = ["a"]\nmodule = "x.wasm"', "both `module` and `stages`"),
    ('stages = ["a"]\ncolour = "red"', "there is no key `colour`"),
    ('stages = ["a", "missing"]', "there is no function `missing`"),
    ('stages = ["chain"]', "it is a stage of itself"),
    (f"stages = {['a'] * 17}", "16 are the most"),
    ('stages = ["typed"]', "cannot be a stage"),
])
def test_what_is_no_pipeline(framed, text, said):
    deploy(framed, "typed", component("typed"))
    refused = framed.deploy("chain", text.encode())
    assert (refused.status, refused.problem) == (422, "bad-pipeline")
    assert said in refused.json["detail"]
    assert post(framed, "/chain").text == "{[(x)]}"


@pytest.mark.parametrize("query", ["?memory=1MiB", "?env=A=b", "?cgi=true"])
def test_options_that_a_pipeline_has_not(framed, query):
    refused = chain(framed, "a", query=query)
    assert refused.problem == "bad-option" and "belong to the functions" in refused.json["detail"]


def test_the_path_of_a_seed_calls_it_too(framed):
    answer = post(framed, "/api/v1/handler/chain", b"1", **{"Content-Type": "application/json"})
    assert (answer.status, answer.text) == (200, "{[(1)]}")
    framed.request("DELETE", f"{FUNCTIONS}/b")
    broken = post(framed, "/api/v1/handler/chain", b"1", **{"Content-Type": "application/json"})
    assert broken.problem == "broken-pipeline" and "error" in broken.json


def test_the_command_line(framed, tmp_path):
    made = framed.command("deploy", "other", "--stages", "a,c", "--timing")
    assert made.returncode == 0 and "kind pipeline" in made.stdout, made.stderr
    assert post(framed, "/other").text == "{(x)}"
    assert "kind pipeline, stages a, c" in framed.command("show", "other").stdout
    (tmp_path / "function.toml").write_text('name = "third"\nstages = ["c", "a"]\ntiming = true\n')
    made = framed.command("deploy", str(tmp_path))
    assert made.returncode == 0, made.stderr
    answer = post(framed, "/third")
    assert answer.text == "({x})" and "Server-Timing" in answer.headers


def test_a_client_that_leaves_cancels_the_stage(server):
    deploy(server, "frame", frame("()"))
    deploy(server, "events", component("http2-sse"))
    chain(server, "frame", "events", "frame")
    with Wire(server) as leaving:
        leaving.send(b"POST /chain?events=100&delay=200 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        until(lambda: server.sandboxes() == 1, "the stage to run")
    until(lambda: server.sandboxes() == 0, "the stage to be cancelled")


def test_the_last_stage_streams(server):
    deploy(server, "frame", frame("()"))
    deploy(server, "events", component("http2-sse"))
    chain(server, "frame", "events", query="?timing=true")
    with Wire(server) as wire:
        wire.send(b"POST /chain?events=2&delay=1000 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        answer = wire.read()
    assert (answer.status, answer.chunks) == (200, [b"data: 1\n\n", b"data: 2\n\n"])
    assert answer.fields("Server-Timing")[0].startswith("frame;dur=")
    assert [stage["status"] for stage in server.wait_for_log(event="request", function="chain")["stages"]] == [200, 200]


def test_a_stage_is_swapped_under_load_without_a_failed_request(framed):
    stop, failures, seen = threading.Event(), [], set()

    def client():
        while not stop.is_set():
            answer = post(framed, "/chain")
            if answer.status != 200 or answer.text not in ("{[(x)]}", "{<(x)>}"):
                failures.append((answer.status, answer.text))
            seen.add(answer.text)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    for swap in range(10):
        deploy(framed, "b", frame("<>" if swap % 2 == 0 else "[]"))
    for _ in range(10):
        version = next(made["version"] for made in framed.show("b")["versions"] if not made["active"])
        assert framed.request("POST", f"{FUNCTIONS}/b/rollback?version={version}").status == 200
    stop.set()
    for thread in clients:
        thread.join(30)
    assert not failures and seen == {"{[(x)]}", "{<(x)>}"}
