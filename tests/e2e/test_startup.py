"""What an operator sees: the server starts, refuses to start, lets in, reports, logs and drains."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import threading

import pytest

from conftest import FUNCTIONS, GUESTS, numbered, read_to_end, until


def refusal(binary, *options, listen="127.0.0.1:0", prefix=(), cwd=None):
    """What `mayfly up` says when it does not start."""
    arguments = [*prefix, binary, "up", "--listen", listen, *map(str, options)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=20, cwd=cwd)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"mayfly: .+\n {8}\S.+\n", done.stderr, re.S), "what is wrong, then what to do"
    return done.stderr


# --- Refusing to start -------------------------------------------------------------------------------------------


def test_a_port_in_use_is_refused(server, binary, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        for port in (server.port, other.getsockname()[1]):
            said = refusal(binary, "--data", tmp_path / "other", listen=f"127.0.0.1:{port}")
            assert f"another program listens on 127.0.0.1:{port}" in said and "--listen" in said


def test_a_data_folder_in_use_is_refused_with_the_process_that_uses_it(server, binary):
    said = refusal(binary, "--data", server.data)
    assert f"{server.data} is in use by process {server.process.pid}" in said and "--data" in said
    assert server.deploy("f", "run").status == 201, "the first one goes on"


def test_a_data_folder_that_is_none_or_cannot_be_made_is_refused(binary, tmp_path):
    (tmp_path / "file").write_text("precious")
    for data in (tmp_path / "file", tmp_path / "file" / "data", tmp_path / "missing" / "data"):
        assert "needs a data folder that it can write" in refusal(binary, "--data", data)
    assert (tmp_path / "file").read_text() == "precious"


def test_a_data_folder_without_permission_is_refused(binary, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o500)
    # What permissions say does not bind root: it gives that up.
    unprivileged = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    said = refusal(binary, "--data", data, prefix=unprivileged)
    assert "Permission denied" in said and str(data) in said and "--data" in said
    assert list(data.iterdir()) == []


def test_a_data_folder_of_a_newer_version_is_left_alone(make_server, binary):
    server = make_server()
    server.deploy("f", "run")
    server.stop()
    (server.data / "format").write_text("2\n")
    before = {path: path.read_bytes() for path in server.data.rglob("*") if path.is_file() and path.name != "lock"}
    said = refusal(binary, "--data", server.data)
    assert "has format 2, and this mayfly knows formats up to 1" in said and "newer" in said
    assert before == {path: path.read_bytes() for path in before}
    (server.data / "format").write_text("1\n")

    with contextlib.closing(sqlite3.connect(server.data / "records.db")) as records:
        records.execute("PRAGMA user_version = 2")
    assert "schema 2" in refusal(binary, "--data", server.data)
    with contextlib.closing(sqlite3.connect(server.data / "records.db")) as records:
        records.execute("PRAGMA user_version = 1")
    server.start()
    assert server.get("/f").text == "42"


def test_a_damaged_data_folder_is_refused(binary, make_server):
    server = make_server()
    server.deploy("f", "run")
    assert server.stop() == 0
    (server.data / "format").write_text("")
    assert f"{server.data}/format is damaged" in refusal(binary, "--data", server.data)
    (server.data / "format").write_text("1\n")
    (server.data / "records.db").write_bytes(b"not a database, and longer than the header of one" * 100)
    assert "records.db" in refusal(binary, "--data", server.data)


APPLICATION = '[[applications]]\nfile_path = "f.wat"\nmethod = "GET"\nurl_path = "/f"\n'


@pytest.mark.parametrize(
    "text, said",
    [
        ("listen_address = \n", ":1:18: "),
        ('[[applications]]\nfile_path = "f.wat\n', ":2:19: "),
        ("# nothing else\n", "there is no [[applications]]"),
        ('listen_address = 8080\n', ":1:18: `listen_address` is not a text"),
        ("[applications]\nfile_path = 'f'\n", ":1:1: `applications` is not a list of tables"),
        ('[[applications]]\nmethod = "GET"\nurl_path = "/f"\n', ":1:1: [[applications]] has no `file_path`"),
        (APPLICATION + "[[applications]]\n", ":5:1: [[applications]] has no `file_path`"),
        (APPLICATION.replace('"GET"', "7"), ":3:10: `method` is not a text"),
        (APPLICATION.replace('"/f"', '"f"'), ":4:12: `url_path` does not start with `/`"),
        (APPLICATION + "env = 7\n", ":5:7: `env` is not a table"),
        (APPLICATION + 'env = { "a" = 7 }\n', ":5:15: env `a` is not a text"),
        (APPLICATION + 'allow = "tcp=127.0.0.1:1"\n', ":5:9: `allow` is not a list"),
        (APPLICATION + 'allow = ["tcp=*", "nowhere"]\n', ":5:19: option `allow`"),
        (APPLICATION, "cannot read f.wat: No such file"),
    ],
)
def test_a_bad_configuration_is_refused_with_line_and_column(binary, tmp_path, text, said):
    config = tmp_path / "bad.toml"
    config.write_text(text)
    message = refusal(binary, "--config", config, "--data", tmp_path / "data", cwd=tmp_path)
    assert (f"{config}{said}" if said.startswith(":") else said) in message
    assert "line and column" in message


def test_an_application_that_cannot_run_is_refused_with_its_file(binary, tmp_path):
    (tmp_path / "config.toml").write_text(APPLICATION)
    options = ("--config", "config.toml", "--data", tmp_path / "data")
    for guest, said in (("no-entry", "no function `handle`"), ("unknown-import", "`env.teleport`")):
        (tmp_path / "f.wat").write_bytes((GUESTS / f"{guest}.wat").read_bytes())
        message = refusal(binary, *options, cwd=tmp_path)
        assert "f.wat: " in message and said in message


def test_other_options_that_cannot_be_used_are_refused(binary, tmp_path):
    data = ("--data", tmp_path / "data")
    assert "no-such.toml: No such file" in refusal(binary, "--config", tmp_path / "no-such.toml", *data)
    assert "no-such-folder" in refusal(binary, "--dir", tmp_path / "no-such-folder", *data)
    assert "no-such-folder/log" in refusal(binary, "--log", tmp_path / "no-such-folder/log", *data)
    for address in ("127.0.0.1", "127.0.0.1:65536", "127.0.0.1:http", ":8080", "::1:8080"):
        assert f"`{address}` is not an address" in refusal(binary, *data, listen=address)
    elsewhere = refusal(binary, *data, listen="192.0.2.1:0", prefix=["env", "MAYFLY_TOKEN=x"])  # RFC 5737
    assert "cannot listen on 192.0.2.1:0" in elsewhere


# --- Who is let in -----------------------------------------------------------------------------------------------


def test_on_an_open_address_the_api_wants_the_token_that_is_printed_once(make_server, binary):
    server = make_server(listen="0.0.0.0:0")
    token = re.search(r"^admin token \(shown once, kept in .*/admin-token\): ([0-9a-f]{48})$", server.banner, re.M)[1]
    assert stat.S_IMODE((server.data / "admin-token").stat().st_mode) == 0o600
    right = {"Authorization": f"Bearer {token}"}
    calls = [("GET", FUNCTIONS), ("PUT", f"{FUNCTIONS}/f"), ("GET", f"{FUNCTIONS}/f"), ("DELETE", f"{FUNCTIONS}/f"),
             ("POST", f"{FUNCTIONS}/f/rollback"), ("GET", "/_mayfly/metrics")]
    wrong = [{}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {token[:-1]}"}, {"Host": "localhost"},
             {"Authorization": f"Bearer {token}0"}, {"Authorization": f"Basic {token}"}, {"Authorization": token}]
    module = numbered(1)
    for method, target in calls:
        for headers in wrong:
            answer = server.request(method, target, module if method == "PUT" else None, headers)
            assert (answer.status, answer.problem) == (401, "token-needed"), (method, target, headers)
            assert token not in answer.text
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert server.request("POST", "/api/v1/handler/f", "--x--\r\n", form).problem == "token-needed"
    assert server.request("PUT", f"{FUNCTIONS}/f", module, right).status == 201
    assert server.request("GET", FUNCTIONS, headers=right).status == 200
    assert server.get("/f").text == "1", "calling is public"
    assert server.get("/_mayfly/v1/health").status == 200 and server.get("/_mayfly/errors/token-needed").status == 200

    assert "Admin token needed" in server.command("list").stderr
    assert server.command("list", env={"MAYFLY_TOKEN": token}).stdout.startswith("f ")

    assert server.stop() == 0
    for listen in ("0.0.0.0:0", "127.0.0.1:0"):
        server.start(listen)
        assert "token" not in server.banner, "printed once"
        assert server.get(FUNCTIONS).status == 401
        assert server.request("GET", FUNCTIONS, headers=right).status == 200
        server.stop()


def test_a_token_from_the_environment_is_used_and_not_kept(make_server):
    server = make_server(env={"MAYFLY_TOKEN": "secret"}, listen="0.0.0.0:0")
    assert "secret" not in server.banner and not (server.data / "admin-token").exists()
    assert server.get(FUNCTIONS).status == 401
    assert server.get(FUNCTIONS, Authorization="Bearer secret").status == 200


def test_a_refusal_for_want_of_a_token_names_the_scheme(make_server):
    server = make_server(env={"MAYFLY_TOKEN": "secret"})
    assert server.get(FUNCTIONS).headers["WWW-Authenticate"].startswith("Bearer")


def test_an_empty_token_file_does_not_open_the_api(make_server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "admin-token").write_text("")
    with contextlib.suppress(RuntimeError):  # not to start is an answer, too
        assert make_server(listen="0.0.0.0:0").get(FUNCTIONS).status == 401


@pytest.mark.parametrize(
    "headers, refused",
    [
        ({}, None), ({"Host": "localhost"}, None), ({"Host": "localhost:1"}, None), ({"Host": "[::1]:1"}, None),
        ({"Host": "127.1.2.3"}, None), ({"Host": "LocalHost"}, None), ({"Host": "app.localhost:1"}, None),
        ({"Host": "example.com"}, "foreign-host"), ({"Host": "127.0.0.1.example.com"}, "foreign-host"),
        ({"Host": "localhost.example.com"}, "foreign-host"), ({"Host": "192.168.1.1"}, "foreign-host"),
        ({"Host": "localhost", "Origin": "http://localhost"}, None),
        ({"Host": "localhost", "Origin": "http://localhost:3000"}, "foreign-origin"),
        ({"Host": "localhost", "Origin": "http://example.com"}, "foreign-origin"),
        ({"Host": "localhost", "Origin": "null"}, "foreign-origin"),
        ({"Host": "localhost", "Origin": ""}, "foreign-origin"),
        ({"Host": "example.com", "Origin": "http://example.com"}, "foreign-host"),
    ],
)
def test_without_a_token_no_other_page_and_no_other_host_uses_the_api(server, headers, refused):
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for method, target, more in (
        ("PUT", f"{FUNCTIONS}/f", {}), ("GET", FUNCTIONS, {}), ("GET", f"{FUNCTIONS}/f", {}),
        ("POST", f"{FUNCTIONS}/f/rollback", {}), ("GET", "/_mayfly/metrics", {}), ("DELETE", f"{FUNCTIONS}/f", {}),
        ("POST", "/api/v1/handler/f", form),
    ):
        answer = server.request(method, target, numbered(1) if method == "PUT" else None, {**headers, **more})
        if refused:
            assert (answer.status, answer.problem) == (403, refused), (method, target)
        else:
            assert answer.status not in (401, 403), (method, target)
    server.deploy("f", "run")
    assert server.request("GET", "/f", headers=headers).text == "42", "calling is open to all"


# --- What is reported --------------------------------------------------------------------------------------------


def test_health_tells_that_the_server_is_well(server):
    server.deploy("f", "run")
    answer = server.get("/_mayfly/v1/health")
    health = answer.json
    assert (answer.status, health["status"], health["functions"]) == (200, "ok", 1)
    version = subprocess.run([server.binary, "--version"], capture_output=True, text=True, timeout=10).stdout.strip()
    assert (health["version"], f"mayfly {health['version']} listens" in server.banner) == (version, True)
    assert health["sandboxes"]["in_use"] == 0 < health["sandboxes"]["slots"]
    assert health["uptime_seconds"] >= 0 and "wasmtime" in health["engine"]
    assert server.request("HEAD", "/_mayfly/v1/health").body == b""
    assert server.request("POST", "/_mayfly/v1/health").headers["Allow"] == "GET, HEAD"


def metrics(server):
    """The samples of /_mayfly/metrics as {`name{labels}`: value}, after a check of the text format, version 0.0.4."""
    answer = server.get("/_mayfly/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    kinds, samples = {}, {}
    for line in answer.text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line):
            if comment[1] == "TYPE":
                assert comment[2] not in kinds and comment[3] in ("counter", "gauge", "histogram")
                kinds[comment[2]] = comment[3]
            continue
        label = r'[a-z_]+="(?:[^"\\]|\\.)*"'
        sample = re.fullmatch(rf"([a-z_]+)(\{{{label}(?:,{label})*\}})? (\S+)", line)
        assert sample, line
        family = re.sub("_(bucket|sum|count)$", "", sample[1])
        assert sample[1] in kinds or kinds.get(family) == "histogram", f"{line} follows its TYPE"
        assert sample[1] + (sample[2] or "") not in samples
        samples[sample[1] + (sample[2] or "")] = float(sample[3])
    return samples


def test_metrics_are_prometheus_text_and_count(server):
    server.deploy("f", numbered(1234))
    server.deploy("failing", "trap")
    server.deploy("quiet", "run")
    before = metrics(server)
    for _ in range(5):
        server.get("/f")
    for _ in range(3):
        server.get("/failing")
    server.get("/nothing")
    after = metrics(server)

    def grown(name):
        return after[name] - before[name]

    assert grown('mayfly_invocations_total{function="f",outcome="ok"}') == 5
    assert grown('mayfly_invocations_total{function="f",outcome="error"}') == 0
    assert grown('mayfly_invocations_total{function="failing",outcome="error"}') == 3
    assert grown('mayfly_response_bytes_total{function="f"}') == 5 * len("1234")
    assert grown('mayfly_invocation_duration_seconds_count{function="f"}') == 5
    assert 0 < grown('mayfly_invocation_duration_seconds_sum{function="f"}') < 5
    assert after['mayfly_invocations_total{function="quiet",outcome="ok"}'] == 0
    assert grown('mayfly_http_responses_total{class="2xx"}') == 5 + 1, "the first look at the metrics is one"
    assert grown('mayfly_http_responses_total{class="4xx"}') == 1
    assert grown('mayfly_http_responses_total{class="5xx"}') == 3
    assert grown("mayfly_http_connections_total") == 10
    assert after["mayfly_functions"] == 3 and after["mayfly_sandboxes"] == 0 < after["mayfly_sandbox_slots"]

    buckets = [(re.search('le="(.+)"', name)[1], value) for name, value in after.items()
               if name.startswith('mayfly_invocation_duration_seconds_bucket{function="f"')]
    assert [float(bound) for bound, _ in buckets] == sorted(float(bound) for bound, _ in buckets)
    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1] == ("+Inf", 5)

    server.request("DELETE", f"{FUNCTIONS}/f")
    assert not any('"f"' in name for name in metrics(server))


def test_every_answer_has_an_id_that_its_log_lines_carry(server):
    server.deploy("handle", "handle")
    server.deploy("stderr", "stderr")
    ids = []
    for target, line in (("/handle?a=b", "note"), ("/stderr", "first")):
        answer = server.get(target)
        ids.append(answer.headers["X-Request-Id"])
        assert server.wait_for_log(event="function", id=ids[-1])["line"] == line
        logged = server.wait_for_log(event="request", id=ids[-1])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", logged.pop("time"))
        assert logged.pop("us") > 0
        receipt = {name: logged.pop(name) for name in ("instantiate_ns", "guest_ns", "host_ns", "memory")}
        assert min(receipt.values()) >= 0 and receipt["memory"] % 65536 == 0
        logged.pop("load_ns", None), logged.pop("queue_ns", None)
        assert logged == {
            "event": "request", "id": ids[-1], "remote": "127.0.0.1", "method": "GET", "target": target,
            "status": answer.status, "bytes": len(answer.body), "function": target[1:].partition("?")[0]}
    malformed = server.raw(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").decode()
    ids.append(re.search(r"^X-Request-Id: (\w+)\r$", malformed, re.M)[1])
    assert server.wait_for_log(event="request", id=ids[-1])["status"] == 400
    ids += [server.get(target).headers["X-Request-Id"] for target in ("/nothing", FUNCTIONS, "/_mayfly/v1/health")]
    for request_id in ids:
        server.wait_for_log(event="request", id=request_id)
    assert len(set(ids)) == 6 and all(re.fullmatch("[0-9a-f]{16}", request_id) for request_id in ids)
    lines = [line for line in server.log() if line["event"] == "request"]
    assert len({line["id"] for line in lines}) == len(lines)


def test_what_a_guest_or_a_client_says_cannot_forge_a_log_line(server):
    server.deploy("echo", "echo")
    forged = '"}\n{"event":"request","id":"forged"}'
    module = (GUESTS / "stderr.wat").read_bytes()
    assert server.deploy("stderr", module.replace(b"first", rb'\"}\0d\1b\ff')).status == 201
    server.get("/stderr")
    assert server.wait_for_log(event="function", function="stderr")["line"] == '"}\r\x1b\ufffd'
    server.request("POST", "/echo?a=%22%0A%7B", forged.encode())
    server.wait_for_log(event="request", target="/echo?a=%22%0A%7B")
    assert "forged" not in server.log_path.read_text()


def catches(process_id, sign):
    """Whether a process has a handler for a signal."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", pathlib.Path(f"/proc/{process_id}/status").read_text(), re.M)[1]
    return int(caught, 16) >> (sign - 1) & 1


def test_the_log_goes_to_standard_error_unless_told_otherwise(binary, tmp_path):
    with subprocess.Popen([binary, "up", "--listen", "127.0.0.1:0", "--data", tmp_path / "data"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        port = int(re.search(r":(\d+)$", process.stdout.readline().strip())[1])
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/nothing")
            request_id = connection.getresponse().headers["X-Request-Id"]
        until(lambda: catches(process.pid, signal.SIGTERM), "the server to listen to signals")
        process.terminate()
        _, lines = process.communicate(timeout=30)
        assert process.returncode == 0
    assert [json.loads(line)["id"] for line in lines.splitlines()] == [request_id], "written before the end"


# --- The end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_end_finishes_what_it_has_and_takes_nothing_new(server, sign):
    server.deploy("nap", "nap")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(server.get("/nap")), daemon=True)
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    idle.sendall(b"GET /_mayfly/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n"), "a connection that is kept alive"
    caller.start()
    until(lambda: server.sandboxes() == 1, "the call to start")

    def refuses():
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=10).close()
        except (ConnectionRefusedError, ConnectionResetError):  # reset: it was queued when the listener closed
            return True
        return False

    server.process.send_signal(sign)
    until(refuses, "new connections to be refused")
    assert read_to_end(idle) == b"", "and idle ones closed"
    idle.close()
    assert caller.is_alive() and server.process.poll() is None
    assert server.process.wait(10) == 0
    caller.join(10)
    assert (answers[0].status, answers[0].text, answers[0].headers["Connection"]) == (200, "slept\n", "close")
    logged = [line for line in server.log() if line.get("target") == "/nap"]
    assert [line["status"] for line in logged] == [200], "the log is whole"
    server.stop()
    assert server.stderr == ""


def test_a_signal_right_after_the_start_ends_the_server_as_later_ones_do(binary, tmp_path):
    slow = ["strace", "-D", "-o", os.devnull, "-e", "inject=rt_sigaction:delay_enter=50000"]
    with subprocess.Popen([*slow, binary, "up", "--listen", "127.0.0.1:0", "--data", tmp_path / "data"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert "listens on" in process.stdout.readline()
        process.terminate()
        assert process.wait(10) == 0


def test_an_idle_server_ends_at_once(server):
    server.get("/_mayfly/v1/health")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(5) == 0


def test_a_second_signal_ends_the_server_without_waiting(server):
    server.deploy("nap", "nap")
    caller = threading.Thread(target=lambda: pytest.raises(Exception, server.get, "/nap"), daemon=True)
    caller.start()
    until(lambda: server.sandboxes() == 1, "the call to start")
    server.process.send_signal(signal.SIGTERM)

    def ended():
        server.process.send_signal(signal.SIGTERM)
        return server.process.poll() is not None

    until(ended, "the end")
    assert server.process.returncode == -signal.SIGTERM
    caller.join(10)
