"""`mayfly up --store s3://`: buckets and files are those of a real S3 server, which other tools use, too."""

import os
import pathlib
import time

import pytest

from conftest import FUNCTIONS, GUESTS, numbered, until
from s3_server import Proxy, S3Server
from test_seed_003 import ECHO, JSON, error_of, exec_, saying, upload, uploaded


@pytest.fixture
def s3(tmp_path):
    server = S3Server(tmp_path / "s3").start()
    yield server
    server.stop()


@pytest.fixture
def server(make_server, s3):
    return make_server("--store", "s3://", env=s3.environment())


def test_buckets_are_made_listed_and_deleted_really(server, s3):
    assert server.request("PUT", "/bucket/made").json == "Bucket made created"
    assert (s3.buckets / "made").is_dir()
    assert server.request("PUT", "/bucket/made").problem == "bucket-exists"
    uploaded(server, "made/file", b"ours")
    assert s3.request("GET", "/made/file") == b"ours"
    s3.request("PUT", "/made/other%20tool", b"theirs")
    assert server.get("/file/made/other%20tool").body == b"theirs"
    assert server.get("/bucket/made").json == {"files": ["file", "other tool"]}
    assert server.request("DELETE", "/bucket/made").problem == "bucket-not-empty"
    for name in ("file", "other%20tool"):
        assert server.request("DELETE", f"/file/made/{name}").status == 200
    assert server.request("DELETE", "/bucket/made").json == "Bucket made deleted"
    assert not (s3.buckets / "made").exists()
    for answer in (server.get("/bucket/made"), upload(server, "made/a", b"x"), server.get("/file/made/a"),
                   exec_(server, "made/a", "{}"), server.request("DELETE", "/bucket/made")):
        error_of(answer, 404, "unknown-bucket")


def test_more_files_than_a_page_of_the_list_has(server, s3):
    s3.make_bucket("many")
    for number in range(2500):
        (s3.buckets / "many" / f"file {number:04}").write_bytes(b"x")
    assert server.get("/bucket/many").json["files"] == [f"file {number:04}" for number in range(2500)]


def test_what_another_tool_puts_is_executed_at_once(server, s3):
    s3.make_bucket("tools")
    error_of(exec_(server, "tools/hello", "{}"), 404, "unknown-file")
    s3.request("PUT", "/tools/hello", saying("1"))
    assert exec_(server, "tools/hello", "{}").text == "1", "no earlier answer is remembered"
    s3.request("PUT", "/tools/hello", saying("2"))
    changed = time.monotonic()
    until(lambda: exec_(server, "tools/hello", "{}").text == "2", "the change", 5)
    assert time.monotonic() - changed < 1.5, "the store is asked every second"
    s3.request("DELETE", "/tools/hello")
    until(lambda: exec_(server, "tools/hello", "{}").status == 404, "the end of it", 5)


def test_an_upload_here_is_what_the_next_call_runs(server, s3):
    s3.make_bucket("tools")
    for number in range(10):
        uploaded(server, "tools/hot", saying(str(number)))
        assert exec_(server, "tools/hot", "{}").text == str(number)


def test_the_bucket_of_functions_is_live_at_its_path(server, s3):
    s3.make_bucket("functions")
    s3.request("PUT", "/functions/hello", ECHO)
    s3.request("PUT", "/functions/answer", (GUESTS / "run.wat").read_bytes())
    s3.request("PUT", "/functions/a%20b", (GUESTS / "echo.wat").read_bytes())
    s3.request("PUT", "/functions/text", b"no function")
    assert server.request("POST", "/functions/hello", b"[1, 2]").body == b"[1, 2]"
    assert server.get("/functions/answer").text == "42"
    assert server.request("POST", "/functions/a%20b", b"in").body == b"functions/a b\0in", "its name and its input"
    assert server.get("/functions/text").problem == "not-wasm"
    assert server.get("/functions/none").problem == "unknown-file"
    assert server.get("/functions/a/b").problem == "not-found"
    assert server.get("/functions").problem == "unknown-function"
    assert server.request("GET", "/functions/answer", headers={"Origin": "http://elsewhere.example"}).text == "42", (
        "calls are for everybody")
    # A function that is called so is where it was.
    assert server.deploy("functions", numbered(7)).status == 201
    assert server.get("/functions").text == "7" and server.get("/functions/answer").text == "42"


def test_versions_of_a_versioned_bucket_are_shown_and_restored(server, s3):
    s3.make_bucket("functions", versioned=True)
    s3.request("PUT", "/functions/hello", numbered(1))
    s3.request("PUT", "/functions/hello", numbered(2))
    s3.request("PUT", "/functions/hello-too", numbered(9))
    time.sleep(1.1)  # versions have times of whole seconds
    uploaded(server, "functions/hello", numbered(3))
    path = f"{FUNCTIONS}/functions%2Fhello"

    def answer():
        return server.get("/functions/hello").text

    assert answer() == "3"
    shown = server.get(path).json
    assert (shown["name"], shown["kind"]) == ("functions/hello", "run")
    versions = [version["version"] for version in shown["versions"]]
    assert len(versions) == 3 and shown["version"] == versions[0] and shown["versions"][0]["active"]

    assert server.request("POST", f"{path}/rollback").status == 200
    assert answer() == "2", "what another tool had put"
    assert s3.request("GET", "/functions/hello") == numbered(2), "in the bucket, for everybody"
    assert server.request("POST", f"{path}/rollback").status == 200
    assert answer() == "1", "further back, and not forth"
    assert server.request("POST", f"{path}/rollback").problem == "unknown-version"
    assert server.request("POST", f"{path}/rollback?version={versions[0]}").status == 200
    assert answer() == "3"
    assert server.request("POST", f"{path}/rollback?version=nosuchversion").problem == "unknown-version"

    assert server.request("DELETE", "/file/functions/hello").status == 200
    assert server.get("/functions/hello").problem == "unknown-file"
    rolled = server.command("rollback", "functions/hello")
    assert rolled.returncode == 0, rolled.stderr
    assert answer() == "3", "a deletion is undone, too"
    listed = server.command("show", "functions/hello")
    assert listed.returncode == 0 and "functions/hello at http://" in listed.stdout


def test_a_bucket_that_is_not_versioned_has_nothing_older(server, s3):
    s3.make_bucket("functions")
    s3.request("PUT", "/functions/hello", numbered(1))
    s3.request("PUT", "/functions/hello", numbered(2))
    refused = server.request("POST", f"{FUNCTIONS}/functions%2Fhello/rollback")
    assert refused.problem == "unknown-version" and "versioned" in refused.json["detail"]
    assert len(server.show("functions%2Fhello")["versions"]) == 1
    assert server.get(f"{FUNCTIONS}/functions%2Fnone").problem == "unknown-file"


def test_a_store_that_is_away_and_comes_back(server, s3):
    s3.make_bucket("functions")
    uploaded(server, "functions/hello", ECHO)
    assert exec_(server, "functions/hello", "1").text == "1"
    s3.stop()
    time.sleep(1.1)  # what is known is trusted for a second
    assert exec_(server, "functions/hello", "1").text == "1"
    assert upload(server, "functions/hello", ECHO).problem == "store-away"
    assert server.get("/bucket/functions").problem == "store-away"
    assert exec_(server, "functions/other", "1").problem == "store-away"
    assert server.stop() == 0
    server.start()
    assert exec_(server, "functions/hello", "1").text == "1", "from the cache, after a restart"
    s3.start()
    uploaded(server, "functions/hello", saying("2"))
    assert exec_(server, "functions/hello", "1").text == "2"


def test_a_store_that_is_silent_keeps_no_call_waiting(make_server, s3):
    """It takes connections and answers nothing: what is known goes on at once."""
    s3.make_bucket("functions")
    proxy = Proxy(s3.port)
    server = make_server("--store", "s3://", env=s3.environment(AWS_ENDPOINT_URL=proxy.url))
    uploaded(server, "functions/hello", ECHO)
    assert exec_(server, "functions/hello", "1").text == "1"
    proxy.is_silent = True
    time.sleep(1.1)
    assert exec_(server, "functions/hello", "1").text == "1", "after a while: the store may only be slow"
    for _ in range(5):
        begun = time.monotonic()
        assert exec_(server, "functions/hello", "1").text == "1"
        assert time.monotonic() - begun < 1
        time.sleep(0.5)
    proxy.is_silent = False
    s3.request("PUT", "/functions/hello", saying("2"))
    until(lambda: exec_(server, "functions/hello", "1").text == "2", "the store to be asked again", 15)
    proxy.close()


def test_functions_of_the_api_are_in_the_data_folder(server, s3):
    assert server.deploy("mine", numbered(5)).status == 201
    server.stop()
    s3.stop()
    server.start()
    assert server.get("/mine").text == "5"


def leb(number, signed=False):
    """A number of WebAssembly's binary format."""
    encoded = b""
    while True:
        byte, number = number & 0x7F, number >> 7
        if number == 0 and not (signed and byte & 0x40):
            return encoded + bytes([byte])
        encoded += bytes([byte | 0x80])


def module_of(count):
    """A module with this many functions of 200 bytes, and `run`, which calls some."""
    def section(kind, *items):
        content = leb(len(items)) + b"".join(items)
        return bytes([kind]) + leb(len(content)) + content

    def code(*instructions):
        content = b"\0" + b"".join(instructions) + b"\x0b"
        return leb(len(content)) + content

    def const(number):
        return b"\x41" + leb(number, signed=True)

    argument, multiply, exclusive_or, add = b"\x20\0", b"\x6c", b"\x73", b"\x6a"
    def body(n):
        return code(argument, *(const(n * 31 + k) + multiply + argument + const(n * 7919 + k) + exclusive_or + add +
                                argument + multiply + argument + add for k in range(10)))

    bodies = [body(n) for n in range(count)]
    run = code(const(1), *(b"\x10" + leb(n) for n in range(0, count, 16)))
    return (b"\0asm\1\0\0\0" + section(1, b"\x60\1\x7f\1\x7f", b"\x60\0\1\x7f") +
            section(3, *([b"\0"] * count), b"\1") + section(7, b"\3run\0" + leb(count)) + section(10, *bodies, run))


def test_the_first_call_after_a_restart_is_fast(server, s3, make_server):
    """With nothing cached: fetch, compile and run a module of 200 kB. A machine with nothing else to do takes as long as
    that takes of its processors; one that is busy takes longer, so that is what is measured."""
    def processor_time(process):
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    s3.make_bucket("functions")
    module = module_of(1000)
    assert len(module) > 200_000
    s3.request("PUT", "/functions/large", module)
    took = []
    for attempt in range(3):
        cold = make_server("--store", "s3://", data=f"cold-{attempt}", env=s3.environment())
        begun, used = time.monotonic(), processor_time(cold.process)
        assert cold.get("/functions/large").status == 200
        took.append((processor_time(cold.process) - used, time.monotonic() - begun))
        cold.stop()
    print("first call, seconds of processors and of the clock:", took)
    assert min(took)[0] < 0.2, "on two cores"
