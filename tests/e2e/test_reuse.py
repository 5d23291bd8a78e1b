"""Sandboxes that serve more than one request, for functions that ask for it: `reuse` and `reuse_concurrency`."""

import threading
import time
from collections import Counter

import pytest

from conftest import GUESTS, Wire, until
from test_egress import Origin

COMPONENTS = GUESTS / "components"
BOTH = pytest.mark.parametrize("world", ["http2", "http3"])


def deploy(server, name, query=""):
    made = server.deploy(name, (COMPONENTS / f"{name}.wasm").read_bytes(), query)
    assert made.status == 201, made.text
    # Until then its sandboxes may make room for those with better code.
    server.wait_for_optimised(name)


def counts(server, world, requests, query=""):
    """Which request of its sandbox each of these was, one after the other."""
    return [int(server.get(f"/{world}-count{query}").text.split()[0]) for _ in range(requests)]


def at_once(requests):
    """The answers of requests that are made at the same time."""
    answers = [None] * len(requests)

    def ask(index):
        answers[index] = requests[index]()

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def one_core(make_server):
    """Sandboxes belong to the loop of their connection: with one loop there is no other."""
    return make_server("--threads", "1")


@BOTH
def test_without_it_every_request_has_its_own(server, world):
    deploy(server, f"{world}-count")
    assert counts(server, world, 3) == [1, 1, 1]


@BOTH
def test_a_sandbox_serves_as_many_as_it_may(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=3")
    assert counts(one_core, world, 7) == [1, 2, 3, 1, 2, 3, 1]
    assert one_core.sandboxes() == 0


@BOTH
def test_requests_at_once_have_their_own_without_concurrency(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    answers = at_once([lambda: one_core.get(f"/{world}-count?wait=200").text.split()[0]] * 4)
    assert answers == ["1"] * 4
    assert counts(one_core, world, 2) == [2, 3], "one of the four goes on"


def test_several_at_once(one_core):
    deploy(one_core, "http3-count", "?reuse=100&reuse_concurrency=4")
    answers = at_once([lambda: one_core.get("/http3-count?wait=300").text] * 8)
    assert Counter(int(answer.split()[0]) for answer in answers) == {1: 2, 2: 2, 3: 2, 4: 2}, "two sandboxes of four"
    assert sorted(int(answer.split()[2]) for answer in answers) == [1, 1, 2, 2, 3, 3, 4, 4]


@BOTH
def test_a_trap_ends_its_sandbox(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    assert counts(one_core, world, 2) == [1, 2]
    assert one_core.get(f"/{world}-count?trap").problem == "trap"
    assert counts(one_core, world, 2) == [1, 2]


def test_a_trap_ends_those_beside_it(one_core):
    deploy(one_core, "http3-count", "?reuse=100&reuse_concurrency=4")
    slow, trap = at_once([lambda: one_core.get("/http3-count?wait=1000"), lambda: one_core.get("/http3-count?wait=200&trap")])
    assert (trap.problem, slow.problem) == ("trap", "trap")
    assert "served 2 requests at once" in slow.json["detail"]
    assert one_core.get("/http3-count").text == "1 of 1\n"


def test_an_error_is_of_its_request_alone(one_core):
    deploy(one_core, "http3-count", "?reuse=100&reuse_concurrency=4")
    slow, wrong = at_once([lambda: one_core.get("/http3-count?wait=500"), lambda: one_core.get("/http3-count?wait=100&error")])
    assert (wrong.problem, slow.status) == ("bad-response", 200)
    assert one_core.get("/http3-count").text == "1 of 1\n", "its sandbox takes no more"


@BOTH
def test_a_request_over_its_time_ends_its_sandbox(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100&cpu=50ms")
    assert counts(one_core, world, 2) == [1, 2]
    assert one_core.get(f"/{world}-count?spin=5000").problem == "too-slow"
    assert counts(one_core, world, 2) == [1, 2]


@BOTH
def test_time_is_counted_for_each_request(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100&cpu=150ms")
    assert counts(one_core, world, 4, "?spin=60") == [1, 2, 3, 4], "240 ms together"


def test_a_slow_request_does_not_end_those_beside_it(one_core):
    deploy(one_core, "http3-count", "?reuse=100&reuse_concurrency=4&timeout=600ms")
    slow, late = at_once([
        lambda: one_core.get("/http3-count?wait=5000"),
        lambda: (time.sleep(0.3), one_core.get("/http3-count?wait=500"))[1],
    ])
    assert (slow.problem, late.text.split()[0]) == ("too-slow", "2")
    assert one_core.get("/http3-count").text.split()[0] == "1", "who was left in the middle is not disturbed"


@BOTH
def test_a_client_that_leaves(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    with Wire(one_core) as wire:
        wire.send(f"GET /{world}-count?wait=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: one_core.sandboxes() == 1, "the handler to begin")
    until(lambda: one_core.sandboxes() == 0, "the handler to end", seconds=2)
    assert counts(one_core, world, 2) == [1, 2]


def test_a_client_that_leaves_others(one_core):
    deploy(one_core, "http3-count", "?reuse=100&reuse_concurrency=4")
    with Wire(one_core) as wire:
        wire.send(b"GET /http3-count?wait=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: one_core.sandboxes() == 1, "the handler to begin")
        stays = threading.Thread(target=lambda: answers.append(one_core.get("/http3-count?wait=600").text))
        answers = []
        stays.start()
        until(lambda: one_core.sandboxes() == 2, "another to join")
    until(lambda: one_core.sandboxes() == 1, "one of them to end", seconds=2)
    stays.join()
    assert answers[0].startswith("2 of ")


def test_a_body_without_an_end(one_core):
    deploy(one_core, "http2-count", "?reuse=100")
    assert [one_core.get("/http2-count?keep").text for _ in range(5)] == ["1\n", "2\n", "3\n", "4\n", "5\n"]


@BOTH
def test_a_guest_that_computes_leaves_its_loop(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    deploy(one_core, "http2-hello")
    answers = []
    busy = threading.Thread(target=lambda: answers.append(counts(one_core, world, 2, "?spin=700")))
    busy.start()
    slowest = 0
    for _ in range(50):
        started = time.monotonic()
        assert one_core.get("/http2-hello").status == 200
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.01)
    busy.join()
    assert answers == [[1, 2]]
    assert slowest < 0.3


@BOTH
def test_a_new_version_has_new_sandboxes(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    assert counts(one_core, world, 2) == [1, 2]
    assert one_core.deploy(f"{world}-count", (COMPONENTS / f"{world}-count.wasm").read_bytes(), "?reuse=50").status == 200
    assert counts(one_core, world, 2) == [1, 2]


@BOTH
def test_what_it_prints_is_logged_with_its_request(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    ids = [one_core.get(f"/{world}-count?print").headers["X-Request-Id"] for _ in range(2)]
    for number, request_id in enumerate(ids, 1):
        assert one_core.wait_for_log(event="function", line=f"request {number}")["id"] == request_id


@BOTH
def test_requests_are_metered(one_core, world):
    deploy(one_core, f"{world}-count", "?reuse=100")
    counts(one_core, world, 5, "?spin=20")
    metrics = dict(line.rsplit(" ", 1) for line in one_core.get("/_mayfly/metrics").text.splitlines() if line[0] != "#")
    assert metrics[f'mayfly_invocations_total{{function="{world}-count",outcome="ok"}}'] == "5"
    assert 0.05 <= float(metrics[f'mayfly_guest_cpu_seconds_total{{function="{world}-count"}}']) < 1


def test_what_cannot_be_reused_is_refused(server):
    command = (COMPONENTS / "command.wat").read_bytes()
    http02 = (COMPONENTS / "http2-count.wasm").read_bytes()
    for name, program, query, what in [
        ("command", command, "reuse=2", "only those with a wasi:http handler"),
        ("http2-count", http02, "reuse_concurrency=2", "unless `reuse` says how many"),
        ("http2-count", http02, "reuse=2&reuse_concurrency=2", "wasi:http 0.2"),
        ("http2-count", http02, "reuse=0", "reuse"),
        ("http2-count", http02, "reuse=many", "reuse"),
    ]:
        refused = server.deploy(name, program, f"?{query}")
        assert refused.problem == "bad-option" and what in refused.json["detail"], refused.text


def test_many_over_many_connections(make_server):
    server = make_server()
    deploy(server, "http3-count", "?reuse=64&reuse_concurrency=8")
    seen = Counter()

    def ask():
        for index in range(150):
            answer = server.get(f"/http3-count?wait={index % 3}")
            assert answer.status == 200, answer.text
            seen[int(answer.text.split()[0])] += 1

    at_once([ask] * 16)
    assert sum(seen.values()) == 16 * 150 and max(seen) == 64
    until(lambda: server.sandboxes() == 0, "all to end")


@BOTH
def test_each_request_tells_what_it_did_on_the_network(one_core, world):
    with Origin() as origin:
        allowed = f"?reuse=9&allow=http={origin.url('')}&allow=private"
        deploy(one_core, f"{world}-fetch", allowed)
        for _ in range(2):
            assert one_core.get(f"/{world}-fetch?{origin.url()}").status == 200
        assert one_core.get(f"/{world}-fetch?http://127.0.0.2/").status >= 400
    def requests():
        return [line for line in one_core.log() if line.get("event") == "request" and line.get("function") == f"{world}-fetch"]

    lines = until(lambda: (found := requests())[2:] and found, "the lines of three requests")
    assert [line.get("requests") for line in lines] == [1, 1, None]
    assert [line.get("egress_refused") for line in lines] == [None, None, 1]
