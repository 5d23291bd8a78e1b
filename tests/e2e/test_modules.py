"""How many modules are in memory: the server stays right when there are more functions than have room."""

import re
import threading

import pytest

from conftest import GUESTS, meddling, numbered, until
from languages import wait_for_interpreter

LIMIT = 8
FUNCTIONS_THERE = 24


def modules(server):
    return server.get("/_mayfly/v1/health").json["modules"]


@pytest.fixture
def small(make_server):
    """A server with room for a few modules, and more functions than that."""
    server = make_server("--modules", str(LIMIT), "--threads", "2")
    for number in range(FUNCTIONS_THERE):
        assert server.deploy(f"f{number}", numbered(number)).status == 201
    return server


class Callers:
    """Threads that call functions, in an order of their own, until the end."""

    def __init__(self, server, names, threads=3):
        self.server, self.names, self.wrong, self.calls, self.ends = server, names, [], 0, False
        self.threads = [threading.Thread(target=self.call, args=(index,)) for index in range(threads)]

    def call(self, step):
        at = step
        while not self.ends:
            at += 2 * step + 1
            number = self.names[at % len(self.names)]
            answer = self.server.get(f"/f{number}")
            self.calls += 1
            if (answer.status, answer.text) != (200, str(number)):
                self.wrong.append((number, answer.status, answer.text))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        for thread in self.threads:
            thread.join()


def test_all_functions_answer_though_not_all_have_room(small):
    with Callers(small, range(FUNCTIONS_THERE)) as callers:
        for _ in range(2):
            for number in range(FUNCTIONS_THERE):
                assert small.get(f"/f{number}").text == str(number)
        until(lambda: callers.calls > 200, "calls")
    assert callers.wrong == []
    told = modules(small)
    assert told["limit"] == LIMIT and told["loaded"] <= LIMIT
    assert told["unloaded_functions"] >= 2 * (FUNCTIONS_THERE - LIMIT)
    codes = [small.show(f"f{number}")["code"] for number in range(FUNCTIONS_THERE)]
    assert 0 < codes.count("optimised") <= LIMIT and codes.count("not loaded") >= FUNCTIONS_THERE - LIMIT
    assert all(line["type"] not in ("server-memory", "internal") for line in small.log() if line["event"] == "failure")


def test_the_metrics_tell_of_modules(small):
    text = small.get("/_mayfly/metrics").text
    values = dict(re.findall(r"^(mayfly_\w+) (\S+)$", text, re.M))
    assert 0 < float(values["mayfly_modules"]) <= LIMIT == float(values["mayfly_module_slots"])
    assert float(values["mayfly_functions_unloaded_total"]) == modules(small)["unloaded_functions"]


def test_what_is_called_stays_and_what_nobody_calls_goes(small):
    assert small.get("/f0").text == "0"
    for number in range(1, FUNCTIONS_THERE):
        assert small.get(f"/f{number}").text == str(number)
        assert small.get("/f0").text == "0"
        assert small.show("f0")["code"] == "optimised"
    assert small.show("f1")["code"] == "not loaded"


def test_a_restart_loads_as_many_as_there_is_room_for(small):
    small.stop()
    small.start()
    assert modules(small) == {"loaded": 0, "limit": LIMIT, "unloaded_functions": 0}
    for number in range(FUNCTIONS_THERE):
        assert small.get(f"/f{number}").text == str(number)
    assert 0 < modules(small)["loaded"] <= LIMIT


def test_a_request_that_waits_meanwhile_goes_on(small):
    assert small.deploy("nap", "nap").status == 201
    answers = []
    sleeper = threading.Thread(target=lambda: answers.append(small.get("/nap")))
    sleeper.start()
    until(lambda: small.sandboxes() == 1, "the sleeper")
    with Callers(small, range(FUNCTIONS_THERE)) as callers:
        sleeper.join()
    assert answers[0].text == "slept\n" and callers.wrong == [] and callers.calls > LIMIT
    assert small.get("/nap").text == "slept\n"


@pytest.mark.parametrize("world", ["http2", "http3"])
def test_sandboxes_that_serve_several_requests_keep_what_they_are(make_server, world):
    server = make_server("--modules", str(LIMIT), "--threads", "1")
    component = (GUESTS / "components" / f"{world}-count.wasm").read_bytes()
    assert server.deploy("count", component, "?reuse=100").status == 201
    server.wait_for_optimised("count")
    counted = []
    for number in range(FUNCTIONS_THERE):
        assert server.deploy(f"f{number}", numbered(number)).status == 201
        assert server.get(f"/f{number}").text == str(number)
        counted.append(int(server.get("/count").text.split()[0]))
    assert counted == list(range(1, FUNCTIONS_THERE + 1))
    assert modules(server)["unloaded_functions"] >= FUNCTIONS_THERE - LIMIT


def test_functions_from_source_that_differ_little_take_no_room(make_server):
    server = make_server("--modules", "16")
    wait_for_interpreter(server, "lua", ".lua")
    there = modules(server)["loaded"]
    for number in range(40):
        source = f"function handler() return '{number}' end".encode()
        assert server.deploy(f"s{number}", source, "?language=lua").status == 201
    assert modules(server) == {"loaded": there, "limit": 16, "unloaded_functions": 0}
    assert [server.get(f"/s{number}").text for number in range(40)] == [str(number) for number in range(40)]


def test_the_option_is_a_number_of_modules(make_server):
    for bad in ("0", "-1", "many"):
        with pytest.raises(RuntimeError, match="--modules"):
            make_server("--modules", bad)


# --- When the system gives no memory all the same -----------------------------------------------------------------


def test_a_deploy_without_memory_for_code_is_the_servers_fault_and_changes_nothing(server):
    assert server.deploy("f", numbered(1)).status == 201
    with meddling(server, "mprotect:error=ENOMEM"):
        for name in ("f", "g"):
            refused = server.deploy(name, numbered(2))
            assert (refused.status, refused.problem) == (503, "server-memory"), refused.text
            assert "Cannot allocate memory" in refused.json["detail"] and refused.headers["Retry-After"] == "5"
    assert server.get("/f").text == "1"
    assert server.get("/g").problem == "unknown-function"
    assert len(server.show("f")["versions"]) == 1
    assert server.deploy("g", numbered(2)).status == 201 and server.get("/g").text == "2"
    page = server.get("/_mayfly/errors/server-memory").text
    assert "vm.max_map_count" in page and "--modules" in page


def test_a_call_without_memory_for_code_is_tried_again_by_the_next(server):
    assert server.deploy("f", numbered(1)).status == 201
    server.stop()
    server.start()
    with meddling(server, "mprotect:error=ENOMEM"):
        refused = server.get("/f")
        assert (refused.status, refused.problem) == (503, "server-memory"), refused.text
    assert server.get("/f").text == "1"


def test_a_call_without_memory_for_a_sandbox_is_the_servers_fault(make_server):
    server = make_server("--threads", "1")
    assert server.deploy("echo", "echo").status == 201
    with meddling(server, "mmap,mprotect:error=ENOMEM", ("loop-",)):
        refused = server.request("POST", "/echo", b"x")
        assert (refused.status, refused.problem) == (503, "server-memory"), refused.text
    assert server.request("POST", "/echo", b"x").text == "echo\0x"
