"""Deploy, list, show, remove and roll back, over HTTP and from the command line; and what callers see meanwhile."""

import http.client
import json
import re
import subprocess
import threading
import time

import pytest

from conftest import EXAMPLES, FUNCTIONS, GUESTS, numbered, until

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def versions(server, name):
    """The digests of a function, newest first, and the active one."""
    shown = server.show(name)["versions"]
    active = [version["version"] for version in shown if version["active"]]
    assert len(active) == 1
    return [version["version"] for version in shown], active[0]


def deploy_numbers(server, name, *numbers):
    """Deploys a version that answers each number; returns their digests."""
    return [server.deploy(name, numbered(number)).json["version"] for number in numbers]


def in_background(work):
    """Runs it on a thread; the list that is returned holds its result once the thread is joined."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


# --- Over HTTP ---------------------------------------------------------------------------------------------------


def test_put_answers_with_what_is_live_now(server):
    before = time.time() * 1000
    answer = server.deploy("hello", "two-iovecs")
    assert (answer.status, answer.headers["Content-Type"]) == (201, "application/json")
    deployed = answer.json
    assert DIGEST.fullmatch(deployed.pop("version"))
    assert before - 1 <= deployed.pop("created_ms") <= time.time() * 1000
    assert deployed.pop("compile_us") > 0
    size = len((GUESTS / "two-iovecs.wat").read_bytes())
    assert deployed == {
        "name": "hello", "kind": "command", "entry": "_start", "code": "optimised", "url": f"{server.url}/hello", "size": size,
        "can_only": "write stdout and stderr", "capabilities": {"inside": ["write stdout and stderr"], "outside": []}}
    assert server.get("/hello").text == "Hello World!\n"


def test_curl_uploads_a_file_as_the_documentation_says(server):
    module = EXAMPLES / "hello-wat" / "hello-wat.wasm"
    url = f"{server.url}{FUNCTIONS}/hello"
    for upload in (["-T", module], ["--data-binary", f"@{module}"], ["-T", "-", "-H", "Transfer-Encoding: chunked"]):
        made = subprocess.run(["curl", "-sS", *upload, url], capture_output=True, timeout=30, input=module.read_bytes())
        assert json.loads(made.stdout)["kind"] == "command", made.stderr
    assert len(versions(server, "hello")[0]) == 1


def test_the_same_module_again_is_the_same_version(server):
    first, again = server.deploy("f", "run"), server.deploy("f", "run")
    assert (first.status, again.status) == (201, 200)
    assert first.json["version"] == again.json["version"]
    assert len(versions(server, "f")[0]) == 1


def test_other_options_make_another_version(server):
    deployed = [server.deploy("f", "run", query).json["version"] for query in ("", "?memory=1MiB", "?env=a%3D1")]
    assert versions(server, "f") == (deployed[::-1], deployed[-1])


def test_a_new_version_is_live_at_once_and_the_old_one_is_kept(server):
    for number in (1, 2, 3):
        assert server.deploy("f", numbered(number)).status == (201 if number == 1 else 200)
        assert server.get("/f").text == str(number)
        assert len(versions(server, "f")[0]) == number


def test_list_is_empty_at_first_and_then_sorted(server):
    assert server.get(FUNCTIONS).json == {"functions": []}
    for name in ("b", "a", "C"):
        server.deploy(name, "run")
    listed = server.get(FUNCTIONS).json["functions"]
    assert [function["name"] for function in listed] == ["C", "a", "b"]
    shown = server.show("a")
    assert {key: shown[key] for key in listed[1]} == listed[1]


def test_show_tells_the_settings_but_no_value_of_a_variable(server):
    server.deploy("f", "echo", "?env=KEY%3Dhunter2&allow=tcp%3D127.0.0.1:1&memory=64MiB&cpu=2s&timeout=500ms"
                               "&response=1MiB&log=4KiB&sockets=3&request=1KiB&tmp=1MiB&files=9&log_rate=1KiB"
                               "&concurrency=7&queue=8&queue_time=3s&tenant=acme&timing=true")
    answer = server.get(f"{FUNCTIONS}/f")
    assert answer.json["settings"] == {
        "environment": ["KEY"], "allow": ["tcp=127.0.0.1:1"], "volumes": [], "tenant": "acme", "timing": True,
        "limits": {"memory_bytes": 64 << 20, "cpu_ms": 2000, "wall_ms": 500, "request_bytes": 1024,
                   "response_bytes": 1 << 20, "tmp_bytes": 1 << 20, "files": 9, "sockets": 3, "log_bytes": 4096,
                   "http_responses": 64, "reuse": 1, "reuse_concurrency": 1, "log_bytes_per_second": 1024, "concurrency": 7,
                   "queue": 8, "queue_ms": 3000}}
    assert "hunter2" not in answer.text + server.get(FUNCTIONS).text
    assert b"KEY=hunter2\0" in server.get("/f").body


def test_a_version_keeps_the_time_it_was_made(server):
    server.deploy("f", numbered(1))
    created = server.show("f")["created_ms"]
    until(lambda: time.time() * 1000 > created + 1, "the next millisecond")
    server.deploy("f", numbered(1))
    shown = server.show("f")
    assert shown["created_ms"] == shown["versions"][0]["created_ms"] == created


def test_entry_calls_another_export(server):
    deployed = server.deploy("f", "no-entry", "?entry=seven").json
    assert (deployed["entry"], deployed["kind"]) == ("seven", "run")
    assert server.get("/f").text == "7"


def test_memory_is_limited_below_at_and_above(server):
    for pages, expected in ((16, 500), (17, 200), (18, 200)):  # it grows to 17
        server.deploy("f", "grow", f"?memory={pages << 16}")
        assert server.get("/f").status == expected


def test_bad_options_are_named_and_change_nothing(server):
    for query, named in (
        ("memory=lots", "memory"), ("memory=0", "memory"), ("memory=5GiB", "memory"), ("memory=-1", "memory"),
        ("cpu=0", "cpu"), ("cpu=16m", "cpu"), ("timeout=soon", "timeout"), ("timeout=61m", "timeout"),
        ("response=1025GiB", "response"), ("log=1e3", "log"), ("sockets=1025", "sockets"), ("sockets=x", "sockets"),
        ("env=novalue", "env"), ("env=%3Dx", "env"), ("env=a%3D%00", "env"), ("cgi=maybe", "cgi"),
        ("allow=udp%3D1.2.3.4:5", "allow"), ("allow=tcp%3Dnoport", "allow"), ("allow=tcp%3Da:70000", "allow"),
        ("colour=red", "colour"), ("memory=1MiB&nonsense", "nonsense"),
    ):
        answer = server.deploy("f", "run", "?" + query)
        assert (answer.status, answer.problem) == (400, "bad-option"), query
        assert f"`{named}`" in answer.json["detail"], query
    assert server.get("/f").status == 404


def test_rollback_goes_back_one_version_at_a_time(server):
    digests = deploy_numbers(server, "f", 1, 2, 3)
    for number in (2, 1):
        answer = server.request("POST", f"{FUNCTIONS}/f/rollback")
        assert (answer.status, answer.json["version"]) == (200, digests[number - 1])
        assert server.get("/f").text == str(number)
    answer = server.request("POST", f"{FUNCTIONS}/f/rollback")
    assert (answer.status, answer.problem) == (404, "unknown-version")
    assert (server.get("/f").text, versions(server, "f")) == ("1", (digests[::-1], digests[0])), "nothing is lost"


def test_rollback_takes_a_digest_or_its_start(server):
    first, second = deploy_numbers(server, "f", 1, 2)
    for wanted, number in ((first, 1), (second[7:], 2), (first[7:15], 1), (second[:15], 2)):
        answer = server.request("POST", f"{FUNCTIONS}/f/rollback?version={wanted}")
        assert (answer.status, server.get("/f").text) == (200, str(number)), wanted


def test_rollback_returns_to_what_was_live_before_a_redeploy(server):
    deploy_numbers(server, "f", 1, 2, 1)
    server.request("POST", f"{FUNCTIONS}/f/rollback")
    assert server.get("/f").text == "2"


def test_rollback_refuses_what_it_cannot_find(server):
    digest = deploy_numbers(server, "f", 1, 2)[0]
    for target, slug in (
        ("f/rollback?version=sha256:00000000", "unknown-version"),
        (f"f/rollback?version={digest[:14]}", "unknown-version"),  # too short to mean one
        ("f/rollback?version=f", "unknown-version"),
        ("f/rollback?to=1", "bad-option"),
        ("g/rollback", "unknown-function"),
    ):
        assert server.request("POST", f"{FUNCTIONS}/{target}").problem == slug
    assert server.get("/f").text == "2"


def test_a_version_of_another_function_is_no_version(server):
    digest = deploy_numbers(server, "f", 1)[0]
    server.deploy("g", "run")
    assert server.request("POST", f"{FUNCTIONS}/g/rollback?version={digest}").problem == "unknown-version"


def test_a_removed_function_is_gone_and_its_name_is_free(server):
    deploy_numbers(server, "f", 1, 2)
    answer = server.request("DELETE", f"{FUNCTIONS}/f")
    assert (answer.status, answer.json) == (200, {"removed": "f"})
    for method, target in (("GET", "/f"), ("GET", f"{FUNCTIONS}/f"), ("DELETE", f"{FUNCTIONS}/f")):
        assert server.request(method, target).problem == "unknown-function"
    assert server.get(FUNCTIONS).json == {"functions": []}
    assert server.deploy("f", numbered(3)).status == 201
    assert len(versions(server, "f")[0]) == 1, "its versions went with it"


def test_other_methods_and_paths_are_refused(server):
    server.deploy("f", "run")
    for method, target, allow in (
        ("DELETE", FUNCTIONS, "GET"), ("PATCH", f"{FUNCTIONS}/f", "GET, PUT, POST, DELETE"),
        ("GET", f"{FUNCTIONS}/f/rollback", "POST"),
    ):
        answer = server.request(method, target)
        assert (answer.status, answer.problem, answer.headers["Allow"]) == (405, "method-not-allowed", allow)
    assert server.get(f"{FUNCTIONS}/f/other").problem == "not-found"
    assert server.get("/_mayfly/v2/functions").problem == "not-found"


def test_a_bundle_is_an_upload_too(server):
    bundle = EXAMPLES / "name-twice" / "name-twice.zip"
    target = f"{server.url}/api/v1/handler/twice"
    made = subprocess.run(["curl", "-sS", "-F", f"file=@{bundle}", target], capture_output=True, text=True, timeout=30)
    assert json.loads(made.stdout) == {"status": "ok", "message": "Handler twice uploaded"}, made.stderr
    for method, path in (("GET", "/api/v1/handler/twice"), ("POST", "/api/v1/handler/twice"), ("POST", "/twice")):
        answer = server.request(method, path, '{"name":"John"}', {"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (200, {"name_twice": "John John"}), path
    assert server.show("twice")["kind"] == "handler"


# --- From the command line ---------------------------------------------------------------------------------------


def test_the_command_line_deploys_lists_shows_rolls_back_and_removes(server, tmp_path):
    def command(*arguments):
        done = server.command(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert command("list") == "No functions yet: mayfly deploy hello.wasm\n"
    module = tmp_path / "f.wat"
    for number in (1, 2):
        module.write_bytes(numbered(number))
        assert command("deploy", str(module)).startswith(f"f is live at {server.url}/f\n  kind run, version sha256:")
    old = server.show("f")["versions"][1]["version"]
    assert [line.split()[:2] for line in command("list").splitlines()] == [["f", "run"]]
    shown = command("show", "f")
    assert re.search(rf"^    {old[:19]} ", shown, re.M) and len(re.findall(r"^  \* sha256:", shown, re.M)) == 1
    assert command("rollback", "f") == f"f answers with version {old[:19]} again\n"
    assert server.get("/f").text == "1"
    command("rollback", "f", "--version", server.show("f")["versions"][0]["version"][:19])
    assert server.get("/f").text == "2"
    assert "Unknown version" in server.command("rollback", "f", "--version", "sha256:00000000").stderr
    assert command("remove", "f") == "f is removed\n"
    assert server.get("/f").status == 404


def test_the_command_line_prints_the_servers_answer_as_json(server):
    deployed = json.loads(server.command("deploy", str(GUESTS / "run.wat"), "--name", "f", "--json").stdout)
    assert (deployed["name"], deployed["url"]) == ("f", f"{server.url}/f")
    assert json.loads(server.command("show", "f", "--json").stdout) == server.show("f")
    assert json.loads(server.command("list", "--json").stdout) == server.get(FUNCTIONS).json


def test_the_command_line_passes_every_option(server):
    done = server.command(
        "deploy", str(GUESTS / "echo.wat"), "--env", "a=1 & 2", "--env", "b=caf\u00e9", "--allow", "tcp=127.0.0.1:1",
        "--memory", "1MiB", "--cpu", "1s", "--timeout", "2s", "--response", "1KiB", "--entry", "_start")
    assert done.returncode == 0, done.stderr
    assert server.get("/echo").body == "echo\0a=1 & 2\0b=caf\u00e9\0".encode()
    settings = server.show("echo")["settings"]
    assert settings["allow"] == ["tcp=127.0.0.1:1"]
    limits = settings["limits"]
    assert [limits[name] for name in ("memory_bytes", "cpu_ms", "wall_ms", "response_bytes")] == [1 << 20, 1000, 2000, 1024]
    assert server.command("deploy", str(GUESTS / "echo.wat"), "--cgi").returncode == 0
    assert server.show("echo")["kind"] == "cgi"


def test_the_command_line_passes_the_options_log_and_sockets(server):
    done = server.command("deploy", str(GUESTS / "run.wat"), "--log", "1KiB", "--sockets", "1")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["deploy", "no-such-file.wasm"], "cannot read no-such-file.wasm: No such file"),
        (["deploy", str(GUESTS)], "cannot read"),
        (["deploy"], "function.toml"),
        (["deploy", str(GUESTS / "no-entry.wat")], "No entry point: the module exports none of"),
        (["deploy", str(GUESTS / "run.wat"), "--name", "../etc"], "Bad function name"),
        (["deploy", str(GUESTS / "run.wat"), "--memory", "huge"], "Bad option: option `memory`"),
        (["show", "nothing"], "Unknown function"),
        (["remove", "nothing"], "Unknown function"),
        (["rollback", "nothing"], "Unknown function"),
        (["remove", ""], "Method not allowed"),
        (["show", ""], "the server's answer is not what this version of mayfly expects"),
    ],
)
def test_the_command_line_says_what_went_wrong(server, arguments, said):
    done = server.command(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("mayfly: ") and said in done.stderr


def test_the_command_line_says_when_there_is_no_server(server):
    server.stop()
    done = server.command("list")
    assert done.returncode == 1 and "Is `mayfly up` running there?" in done.stderr


# --- While a function is being called ----------------------------------------------------------------------------


def test_no_call_fails_or_goes_back_in_time_during_a_storm_of_deploys(server):
    count, started, answered = 60, [0], [0]
    server.deploy("f", numbered(0))
    over = threading.Event()

    def call():
        """Calls over one connection until the storm is over; returns how many calls and what was wrong with them."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        calls, wrong = 0, []
        while not over.is_set() or calls == 0:
            oldest = answered[0]  # what was live before the call was sent
            connection.request("GET", "/f")
            response = connection.getresponse()
            body, newest = response.read(), started[0]
            calls += 1
            if response.status != 200 or not oldest <= int(body) <= newest:
                wrong.append((response.status, body, oldest, newest))
        connection.close()
        return calls, wrong

    callers = [in_background(call) for _ in range(4)]
    for number in range(1, count + 1):
        started[0] = number
        assert server.deploy("f", numbered(number)).status == 200
        answered[0] = number
        assert server.get("/f").text == str(number)
    over.set()
    for thread, results in callers:
        thread.join(30)
        calls, wrong = results[0]  # absent when the call raised
        assert wrong == []
        assert calls >= count / 2, "the storm is not held up by callers, nor they by it"
    assert len(versions(server, "f")[0]) == count + 1


def test_deploys_of_one_function_at_once_agree_on_the_last(server):
    def deploy(offset):
        return [server.deploy("f", numbered(offset + i)).json["version"] for i in range(10)]

    deployers = [in_background(lambda offset=offset: deploy(offset)) for offset in (100, 200, 300, 400)]
    digests = set()
    for thread, results in deployers:
        thread.join(30)
        digests.update(results[0])
    kept, active = versions(server, "f")
    assert len(digests) == 40 and set(kept) == digests and active == kept[0]
    number = server.get("/f").text
    server.stop()
    server.start()
    assert (server.get("/f").text, versions(server, "f")) == (number, (kept, active)), "disk and memory agree"


@pytest.mark.parametrize("change", ["deploy", "rollback", "remove"])
def test_a_call_in_flight_finishes_on_the_version_it_started_with(server, change):
    server.deploy("f", numbered(1))
    server.deploy("f", "nap")
    thread, results = in_background(lambda: server.get("/f"))
    until(lambda: server.sandboxes() == 1, "the call to start")
    if change == "deploy":
        server.deploy("f", numbered(2))
    elif change == "rollback":
        server.request("POST", f"{FUNCTIONS}/f/rollback")
    else:
        server.request("DELETE", f"{FUNCTIONS}/f")
    assert server.get("/f").text.startswith({"deploy": "2", "rollback": "1", "remove": '{"type":'}[change])
    assert thread.is_alive(), "the old version was still running then"
    thread.join(10)
    assert (results[0].status, results[0].text) == (200, "slept\n")


def large_module(number):
    """A module of some 300 kB whose answer is a number: large enough to be compiled twice."""
    add = "(local.set $x (i32.add (i32.mul (local.get $x) (i32.const 7)) (i32.const {})))"
    functions = "".join(f"(func $f{i} (param $x i32) (result i32) {''.join(add.format(i + j) for j in range(20))} (local.get $x))"
                        for i in range(1500))
    return f'(module {functions} (func (export "run") (result i32) (i32.add (call $f3 (i32.const 0)) (i32.const {number}))))'.encode()


def test_a_large_module_is_live_with_baseline_code_and_then_optimised(server):
    deployed = server.deploy("f", large_module(1)).json
    assert deployed["code"] == "baseline"
    answer = server.get("/f").text
    server.wait_for_optimised("f")
    assert server.get("/f").text == answer, "the same answer"
    again = server.deploy("g", large_module(1)).json
    assert again["code"] == "optimised", "from the cache"
    assert server.deploy("small", "run").json["code"] == "optimised"
