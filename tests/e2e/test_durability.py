"""What was answered survives: a kill at any instant, a failing disk, damaged files; shown in order by a system-call
trace, as no kill of a process takes back what the kernel has not yet written.
"""

import contextlib
import http.client
import itertools
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import threading
import time

import pytest

from conftest import FUNCTIONS, Server, meddling, numbered, require_ptrace, until

GONE = (ConnectionError, http.client.HTTPException)  # what a client sees when the server dies


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def record_of(server, name):
    """What the API tells of a function, without the time, which is that of the last deploy until a restart."""
    return [(version["version"], version["active"]) for version in server.show(name)["versions"]]


# --- System calls ------------------------------------------------------------------------------------------------


def calls_of(trace):
    """The calls of a trace as (line where it began, line where it ended, text), in the order of their beginnings."""
    calls, unfinished = [], {}
    for number, line in enumerate(trace.splitlines()):
        thread, text = line.split(maxsplit=1)
        if text.endswith("<unfinished ...>"):
            unfinished[thread] = (number, text.removesuffix("<unfinished ...>"))
        elif text.startswith("<... "):
            began, start = unfinished.pop(thread)
            calls.append((began, number, start + text.split("resumed>", 1)[1]))
        else:
            calls.append((number, number, text))
    return sorted(calls)


def test_a_deploy_is_synced_step_by_step_before_it_is_answered(binary, tmp_path):
    require_ptrace()
    trace = tmp_path / "trace"
    traced = tmp_path / "traced-mayfly"
    traced.write_text(
        '#!/bin/sh\nexec strace -D -f -y -s 64 -e trace=openat,write,fsync,fdatasync,rename,pwrite64,sendto,sendmsg '
        f'-o {trace} {binary} "$@"\n')
    traced.chmod(0o755)
    server = Server(str(traced), tmp_path / "data").start()
    try:
        assert server.deploy("other", numbered(1)).status == 201
        assert server.deploy("f", numbered(2)).status == 201
    finally:
        server.stop()
    until(lambda: f"{server.process.pid} +++ exited with" in re.sub(" +", " ", trace.read_text()), "the whole trace")

    calls = calls_of(trace.read_text())
    begin, end = [i for i, call in enumerate(calls) if '"HTTP/1.1 201 Created' in call[2]]
    calls = calls[begin + 1:end + 1]
    steps = [
        r'openat\(.*/blobs/incoming/\d+", O_WRONLY\|O_CREAT\|O_TRUNC',
        r"write\(\d+<.*/blobs/incoming/\d+>, .* = \d+$",
        r"fsync\(\d+<.*/blobs/incoming/\d+> ?\) += 0$",
        r'rename\(".*/blobs/incoming/\d+", ".*/blobs/[0-9a-f]{2}/[0-9a-f]{62}"\) += 0$',
        r"fsync\(\d+<.*/blobs/[0-9a-f]{2}> ?\) += 0$",
        r"fsync\(\d+<.*/blobs> ?\) += 0$",
        r"pwrite64\(\d+<.*/records.db-wal>, .* = \d+$",
        r"fdatasync\(\d+<.*/records.db-wal> ?\) += 0$",
        r'send(to|msg)\(\d+<.*"HTTP/1.1 201 Created',
    ]
    found = [[call for call in calls if re.match(step, call[2])] for step in steps]
    for step, matches in zip(steps, found):
        assert matches, f"no {step} in:\n" + "\n".join(call[2] for call in calls)
    for before, after, step in zip(found, found[1:], steps[1:]):
        assert before[-1][1] < after[0][0], f"{step} began before the step before it was done"


# --- Death at any instant ----------------------------------------------------------------------------------------


def test_what_was_answered_is_there_after_kill_9(make_server):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")  # pytest shows it when the test fails
    numbers = itertools.count(1)
    tried = {}  # name: numbers that a deploy was started with
    answered = {}  # name: (number, digest) that a deploy was answered with, in order

    def deploy_until_death(server, round_number):
        with contextlib.suppress(*GONE):
            for i in itertools.count():
                for name in (f"f-{round_number}-{i}", "same"):
                    number = next(numbers)
                    tried.setdefault(name, []).append(number)
                    answer = server.deploy(name, numbered(number))
                    assert answer.status in (200, 201)
                    answered.setdefault(name, []).append((number, answer.json["version"]))

    def check(server, names):
        listed = {function["name"] for function in server.get(FUNCTIONS).json["functions"]}
        assert answered.keys() <= listed <= tried.keys()
        assert files(server.data / "blobs" / "incoming") == []
        for name in names & listed:
            kept = record_of(server, name)[::-1]
            assert [active for _, active in kept] == [False] * (len(kept) - 1) + [True], name
            digests = [digest for digest, _ in kept]
            done = [digest for _, digest in answered.get(name, [])]
            assert [digest for digest in digests if digest in done] == done, name
            answer = server.get(f"/{name}")
            last = answered[name][-1][0] if done else 0
            # The deploy that the kill cut off may be there, too: whole.
            possible = [number for number in tried[name] if number >= last]
            assert answer.status == 200 and int(answer.text) in possible, name
            if done and digests[-1] == done[-1]:
                assert int(answer.text) == last, name

    rounds = 8
    for round_number in range(rounds):
        server = make_server()
        check(server, {name for name in tried if name.startswith(f"f-{round_number - 1}-")} | {"same"})
        deployer = threading.Thread(target=deploy_until_death, args=(server, round_number), daemon=True)
        so_far = len(answered)
        deployer.start()
        until(lambda: len(answered) > so_far, "the first answer")
        time.sleep(chance.uniform(0, 0.1))  # the instant, not a wait
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        deployer.join(10)
    server = make_server()
    assert len(answered) > rounds, "the rounds did deploy"
    check(server, tried.keys())
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data / "records.db")) as records:
        assert records.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert records.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    "call, kept",
    [
        ("write:when=1", False),  # compiled code into the cache
        ("mkdir:when=1", False),  # the folder of the blob
        ("write:when=3", False),  # the blob
        ("fsync:when=1", False),  # the blob
        ("rename:when=2", False),  # the blob gets its name
        ("fsync:when=2", False),  # the folder of the blob
        ("fsync:when=3", False),  # the folder of those folders
        ("pwrite64:when=1", False),  # the record
        ("fdatasync:when=1", None),  # the record is written and may be found
        ("epoll_ctl:when=1", True),  # committed; the loop is woken to answer
    ],
)
def test_killed_at_a_step_of_a_deploy(make_server, call, kept):
    server = make_server()
    old = server.deploy("f", numbered(1)).json["version"]
    with meddling(server, f"{call.replace(':', ':signal=KILL:')}"), pytest.raises(GONE):
        server.deploy("f", numbered(2))
    assert server.stop() == -signal.SIGKILL
    server.start()
    there = len(record_of(server, "f")) == 2
    assert kept is None or there == kept
    assert server.get("/f").text == ("2" if there else "1")
    assert files(server.data / "blobs" / "incoming") == []
    new = server.deploy("f", numbered(2)).json["version"]
    assert record_of(server, "f") == [(new, True), (old, False)]
    assert server.get("/f").text == "2"


@pytest.mark.parametrize(
    "call, changed", [("pwrite64:when=1", False), ("pwrite64:when=2", False), ("epoll_ctl:when=1", True)])
@pytest.mark.parametrize("change", ["rollback", "remove"])
def test_killed_at_a_step_of_another_change(make_server, change, call, changed):
    server = make_server()
    for number in (1, 2):
        server.deploy("f", numbered(number))
    before = record_of(server, "f")
    method, target = ("DELETE", "f") if change == "remove" else ("POST", "f/rollback")
    with meddling(server, call.replace(":", ":signal=KILL:")), pytest.raises(GONE):
        server.request(method, f"{FUNCTIONS}/{target}")
    assert server.stop() == -signal.SIGKILL
    server.start()
    if not changed:
        assert (server.get("/f").text, record_of(server, "f")) == ("2", before)
    elif change == "rollback":
        assert (server.get("/f").text, record_of(server, "f")) == ("1", [(digest, not was) for digest, was in before])
    else:
        assert server.get("/f").status == 404
        assert server.deploy("f", numbered(2)).status == 201
        assert record_of(server, "f") == before[:1]


def test_functions_versions_and_settings_are_there_after_a_restart(make_server):
    server = make_server()
    for number in (1, 2, 3):
        server.deploy("f", numbered(number))
    server.deploy("echo", "echo", "?env=KEY%3Dvalue&allow=tcp%3D127.0.0.1:9&memory=2MiB&timeout=3s")
    server.deploy("entry", "no-entry", "?entry=seven")
    server.deploy("removed", "run")
    server.request("DELETE", f"{FUNCTIONS}/removed")
    server.request("POST", f"{FUNCTIONS}/f/rollback")
    before = {name: (record_of(server, name), server.show(name)["settings"], server.get(f"/{name}").body)
              for name in ("f", "echo", "entry")}
    assert before["f"][2] == b"2" and before["entry"][2] == b"7" and b"KEY=value\0" in before["echo"][2]

    for sign in (signal.SIGTERM, signal.SIGKILL):
        server.stop(sign)
        server.start()
        assert {name: (record_of(server, name), server.show(name)["settings"], server.get(f"/{name}").body)
                for name in before} == before
        assert server.get("/removed").problem == "unknown-function"
    assert server.request("POST", f"{FUNCTIONS}/f/rollback").status == 200
    assert server.get("/f").text == "1", "old versions still load"


# --- A disk that fails, or is slow -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    ["mkdir:error=ENOSPC:when=1", "openat:error=EMFILE:when=4+", "write:error=ENOSPC:when=3", "fsync:error=EIO:when=1",
     "rename:error=EIO:when=2", "fsync:error=EIO:when=2", "fsync:error=EIO:when=3", "pwrite64:error=ENOSPC:when=1",
     "fdatasync:error=EIO:when=1"],
)
def test_a_deploy_that_the_disk_refuses_changes_nothing(make_server, fault):
    server = make_server()
    server.deploy("f", numbered(1))
    with meddling(server, fault):
        answer = server.deploy("f", numbered(2))
        assert (answer.status, answer.problem) == (500, "storage")
        assert str(server.data) not in answer.text
        assert str(server.data) in server.wait_for_log(event="error", id=answer.headers["X-Request-Id"])["reason"]
        assert (server.get("/f").text, len(record_of(server, "f"))) == ("1", 1)
    server.stop()
    server.start()
    assert (server.get("/f").text, len(record_of(server, "f"))) == ("1", 1)
    assert server.deploy("f", numbered(2)).status == 200
    assert server.get("/f").text == "2"


def test_a_deploy_that_failed_is_not_there_after_kill_9_either(make_server):
    server = make_server()
    server.deploy("f", numbered(1))
    with meddling(server, "fdatasync:error=EIO:when=1"):
        assert server.deploy("f", numbered(2)).status == 500
    server.stop(signal.SIGKILL)
    server.start()
    assert (server.get("/f").text, len(record_of(server, "f"))) == ("1", 1)


def test_a_cache_that_cannot_be_written_is_done_without(server):
    with meddling(server, "rename:error=ENOSPC:when=1"):
        assert server.deploy("f", "run").status == 201
    assert server.get("/f").text == "42"
    assert files(server.data / "cache") == []


def test_the_old_version_answers_while_a_slow_disk_takes_the_new_one(server):
    server.deploy("f", numbered(1))
    with meddling(server, "fdatasync:delay_enter=700000"):  # microseconds
        deployer = threading.Thread(target=server.deploy, args=("f", numbered(2)), daemon=True)
        deployer.start()
        until(lambda: len(files(server.data / "blobs")) == 2, "the deploy to start")
        answers = [server.get("/f").text for _ in range(20)]
        assert deployer.is_alive(), "the calls did not wait for the disk"
        deployer.join(10)
    assert answers == ["1"] * 20 and server.get("/f").text == "2"


def test_a_deploy_in_flight_is_finished_when_the_server_is_told_to_end(server):
    answers = []
    with meddling(server, "fdatasync:delay_enter=300000"):
        deployer = threading.Thread(target=lambda: answers.append(server.deploy("f", "run")), daemon=True)
        deployer.start()
        until(lambda: files(server.data / "blobs"), "the deploy to start")
        assert server.stop() == 0
        deployer.join(10)
    assert answers[0].status == 201
    server.start()
    assert server.get("/f").text == "42"


# --- Damaged files -----------------------------------------------------------------------------------------------


def flip_a_byte(path):
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)


@pytest.mark.parametrize(
    "damage",
    [flip_a_byte, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(path.read_bytes()[:-1]),
     pathlib.Path.unlink, lambda path: shutil.rmtree(path.parent)],
    ids=["flipped", "empty", "short", "missing", "no-folder"],
)
def test_damaged_compiled_code_is_made_again(server, damage):
    server.deploy("hello", "two-iovecs")
    server.stop()
    cached = files(server.data / "cache")
    assert len(cached) == 1
    whole = cached[0].read_bytes()
    damage(cached[0])
    server.start()
    assert server.get("/hello").text == "Hello World!\n"
    assert files(server.data / "cache") == cached
    again = cached[0].read_bytes()
    assert len(again) == len(whole) and again[-24:-16] == b"mayflyc1"
    server.stop()
    server.start()
    assert server.get("/hello").text == "Hello World!\n"
    assert cached[0].read_bytes() == again, "and is good now"


def test_a_damaged_module_is_noticed_and_the_same_deploy_mends_it(server):
    server.deploy("f", "run")
    server.stop()
    shutil.rmtree(server.data / "cache")
    blob = files(server.data / "blobs")[0]
    flip_a_byte(blob)
    server.start()
    answer = server.get("/f")
    assert (answer.status, answer.problem) == (500, "storage")
    assert str(server.data) not in answer.text
    assert str(blob) in server.wait_for_log(event="failure", id=answer.headers["X-Request-Id"])["reason"]
    assert server.deploy("f", "run").status == 200
    assert server.get("/f").text == "42"


def test_what_a_killed_server_left_half_written_is_removed(server):
    server.deploy("f", "run")
    server.stop()
    (server.data / "blobs" / "incoming" / "7").write_bytes(b"half")
    server.start()
    assert files(server.data / "blobs" / "incoming") == []
    assert server.get("/f").text == "42"
