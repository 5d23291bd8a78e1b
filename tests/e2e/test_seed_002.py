"""Seed 002: a folder of modules, each at its name, that may change while the server runs."""

import os
import shutil
import time

import pytest

from conftest import EXAMPLES, GUESTS, Server, Wire, numbered, until

WITHIN_A_SECOND = 1.0


def echoed(answer):
    """What echo.wat was given: arguments, environment, standard input."""
    assert answer.status == 200, answer.text
    name, *environment, body = answer.body.split(b"\0")
    assert name == b"echo"
    return environment, body


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """`mayfly up --dir functions/` with the seed's samples and some guests, for tests that change none of them."""
    folder = tmp_path_factory.mktemp("002")
    functions = folder / "functions"
    functions.mkdir()
    for module in (EXAMPLES / "hello-as" / "hello-as.wasm", EXAMPLES / "sudoku" / "sudoku.wasm",
                   EXAMPLES / "answer" / "answer.wasm"):
        shutil.copy(module, functions)
    for guest in ("echo", "cat", "counter", "exit-zero", "exit-three", "trap", "two-iovecs", "unknown-import"):
        shutil.copy(GUESTS / f"{guest}.wat", functions)
    shutil.copy(GUESTS / "run.wat", functions / "hello world.wat")
    shutil.copy(GUESTS / "run.wat", functions / "a.b.wat")
    (functions / "notes.txt").write_text("not a module")
    (functions / "broken.wat").write_text("(module (func")
    (functions / "folder.wasm").mkdir()
    (folder / "outside.wat").write_bytes((GUESTS / "run.wat").read_bytes())
    server = Server(binary, folder / "data", "--dir", functions.name, cwd=folder).start()
    yield server
    assert server.stop() == 0


# --- What a request becomes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target, text",
    [
        ("/hello-as", "Hello World!\n\n"),
        ("/hello-as?name=World&greet=hi", "Hello World!\n\nname: World\ngreet: hi\n"),
        ("/answer", "42"),
        ("/two-iovecs", "Hello World!\n"),
        ("/exit-zero", ""),
        ("/hello%20world", "42"),
        ("/hello%2Das", "Hello World!\n\n"),
        ("/%61nswer", "42"),
        ("/a.b", "42"),
        ("/answer?", "42"),
    ],
)
def test_a_module_answers_at_its_name(server, target, text):
    answer = server.get(target)
    assert (answer.status, answer.text) == (200, text)


@pytest.mark.parametrize(
    "query, environment",
    [
        ("", []),
        ("?", []),
        ("?puzzle=1.2", [b"puzzle=1.2"]),
        ("?b=1&a=2", [b"b=1", b"a=2"]),
        ("?a=x+y", [b"a=x y"]),
        ("?a=x%2By%20z", [b"a=x+y z"]),
        ("?a=caf%C3%A9", ["a=caf\u00e9".encode()]),
        ("?a=%ff%fe", ["a=\ufffd\ufffd".encode()]),
        ("?a=%E2%82", ["a=\ufffd".encode()]),
        ("?a=1&b=2&a=3", [b"b=2", b"a=3"]),
        ("?novalue", [b"novalue="]),
        ("?=x", [b"=x"]),
        ("?a=b=c", [b"a=b=c"]),
        ("?a=1&&b=2&", [b"a=1", b"b=2"]),
        ("?a=100%", [b"a=100%"]),
        ("?a=%zz", [b"a=%zz"]),
        ("?%61=1", [b"a=1"]),
        ("?a%3D=1&b%00=1", []),  # such a name would be another one for the guest
        ("?a=%26%23", [b"a=&#"]),
        ("?a=1?b=2", [b"a=1?b=2"]),
        ("?a=%0A", [b"a=\n"]),
    ],
)
def test_the_query_is_the_environment(server, query, environment):
    given, body = echoed(server.get(f"/echo{query}"))
    assert sorted(given) == sorted(environment)
    assert body == b""


def test_a_nul_in_a_parameter_is_kept(server):
    """A C program sees the value up to it, as with the seed."""
    assert server.get("/echo?a=1%002").body == b"echo\0a=1\x002\0"


def test_post_has_a_body_on_standard_input(server):
    environment, body = echoed(server.request("POST", "/echo?a=1", b"in\xffput"))
    assert (environment, body) == ([b"a=1"], b"in\xffput")


def test_output_may_be_any_bytes(server):
    """Seed 002 closed the connection when it was not UTF-8."""
    content = bytes(range(256)) * 1000
    assert server.request("POST", "/cat", content).body == content


def test_every_call_has_an_instance_of_its_own(server):
    assert [server.get("/counter").text for _ in range(3)] == ["1"] * 3


def test_sudoku(server):
    puzzle = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
    answer = server.get(f"/sudoku?puzzle={puzzle}")
    assert answer.text.splitlines()[0] == "534678912"
    assert server.get("/sudoku?puzzle=" + "." * 81).text == "failed to solve\n"
    assert server.get("/sudoku").problem == "trap", "the seed closed the connection"


# --- What is not a module ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["/", "/a/b", "/answer/", "/answer/x", "//answer", "/answer.wasm", "/nobody", "/notes", "/notes.txt", "/folder",
     "/Answer", "/..%2Foutside", "/%2e%2e%2foutside", "/../outside", "/outside", "/answer%00", "/answer%2F", "/%zz",
     "/answer%", "/functions/answer"],
)
def test_another_path_is_not_found(server, target):
    answer = server.get(target)
    assert (answer.status, answer.problem) in ((404, "not-found"), (404, "unknown-function")), answer.text


def test_a_name_that_is_nearly_right_is_hinted_at(server):
    assert "`answer`" in server.get("/answr").json["detail"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused(server, method):
    answer = server.request(method, "/answer")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert server.request(method, "/nobody").status == 404, "what is not there has no methods"


def test_head_runs_the_function_and_sends_no_body(server):
    answer = server.request("HEAD", "/answer")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "2", b"")


@pytest.mark.parametrize(
    "target, status, slug, said",
    [("/exit-three", 500, "exit-code", "3"), ("/trap", 500, "trap", "unreachable"),
     ("/unknown-import", 422, "unknown-import", "env.teleport"), ("/broken", 422, "bad-module", "expected")],
)
def test_what_went_wrong_is_said(server, target, status, slug, said):
    """Seed 002 closed the connection on each of these."""
    with Wire(server) as wire:
        for _ in range(2):
            wire.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            answer = wire.read()
            assert (answer.status, answer.json["type"]) == (status, f"/_mayfly/errors/{slug}")
            assert said in answer.json["detail"]


# --- Files that change -------------------------------------------------------------------------------------------


class Folder:
    """A server on a folder that a test changes."""

    def __init__(self, make_server, tmp_path):
        self.path = tmp_path / "functions"
        self.path.mkdir()
        self.put("keep.wat", numbered(1))
        self.server = make_server("--dir", str(self.path))

    def put(self, name, content):
        """As editors and compilers do: written aside, then renamed."""
        (self.path / ".new").write_bytes(content)
        (self.path / ".new").rename(self.path / name)

    def soon(self, target, *wanted):
        """The answer is as wanted within a second."""

        def seen():
            answer = self.server.get(target)
            return (answer.status, answer.text if answer.status == 200 else answer.problem) == wanted

        until(seen, f"{target} to answer {wanted}", WITHIN_A_SECOND)


@pytest.fixture
def folder(make_server, tmp_path):
    return Folder(make_server, tmp_path)


def test_files_come_change_and_go_while_it_runs(folder):
    assert folder.server.get("/new").status == 404
    folder.put("new.wat", numbered(1))
    folder.soon("/new", 200, "1")
    folder.put("new.wat", numbered(222))
    folder.soon("/new", 200, "222")
    (folder.path / "new.wat").rename(folder.path / "other.wat")
    folder.soon("/new", 404, "unknown-function")
    folder.soon("/other", 200, "222")
    (folder.path / "other.wat").unlink()
    folder.soon("/other", 404, "unknown-function")
    assert folder.server.get("/keep").text == "1"


def test_a_file_of_the_same_size_is_changed_by_its_time(folder):
    folder.put("same.wat", numbered(1))
    folder.soon("/same", 200, "1")
    folder.put("same.wat", numbered(2))
    folder.soon("/same", 200, "2")
    (folder.path / "same.wat").write_bytes(numbered(3))
    folder.soon("/same", 200, "3")


def test_a_file_of_the_same_size_and_time_is_changed_too(folder):
    """As `cp -p`, tar and reproducible builds leave them."""
    for number in (1, 2):
        (folder.path / ".new").write_bytes(numbered(number))
        os.utime(folder.path / ".new", (1_000_000_000, 1_000_000_000))
        (folder.path / ".new").rename(folder.path / "same.wat")
        folder.soon("/same", 200, str(number))


def test_a_broken_file_says_why_until_it_is_mended(folder):
    folder.put("new.wat", numbered(1))
    folder.soon("/new", 200, "1")
    folder.put("new.wat", b"(module (func")
    folder.soon("/new", 422, "bad-module")
    assert folder.server.get("/keep").text == "1"
    folder.put("new.wat", b"")
    folder.soon("/new", 400, "not-wasm")
    folder.put("new.wat", numbered(2))
    folder.soon("/new", 200, "2")


def test_each_change_is_a_line_of_the_log(folder):
    folder.put("new.wat", numbered(1))
    assert folder.server.wait_for_log(event="module", function="new")["version"].startswith("sha256:")
    folder.put("new.wat", b"(module (func")
    assert "expected" in folder.server.wait_for_log(event="module", function="new", type="bad-module")["reason"]


def test_a_file_that_grows_is_live_once_it_is_whole(folder):
    """As `cp` of a large file over a slow disk leaves it meanwhile."""
    module = (EXAMPLES / "sudoku" / "sudoku.wasm").read_bytes()
    with open(folder.path / "slow.wasm", "wb", buffering=0) as file:
        for at in range(0, len(module), len(module) // 4 + 1):
            file.write(module[at:at + len(module) // 4 + 1])
            until(lambda: folder.server.get("/slow").status != 404, "the file to be seen")
            assert folder.server.get("/keep").text == "1"
    until(lambda: folder.server.get("/slow?puzzle=" + "." * 81).text == "failed to solve\n", "the whole file", 2)


def test_the_binary_wins_over_the_text_of_its_name(folder):
    binary = (EXAMPLES / "answer" / "answer.wasm").read_bytes()
    folder.put("both.wat", numbered(7))
    folder.soon("/both", 200, "7")
    folder.put("both.wasm", binary)
    folder.soon("/both", 200, "42")
    (folder.path / "both.wasm").unlink()
    folder.soon("/both", 200, "7")


def test_a_module_of_the_folder_comes_before_what_was_deployed(folder):
    folder.server.deploy("name", numbered(1))
    assert folder.server.get("/name").text == "1"
    folder.put("name.wat", numbered(2))
    folder.soon("/name", 200, "2")
    (folder.path / "name.wat").unlink()
    folder.soon("/name", 200, "1")


def test_a_folder_that_cannot_be_read_changes_nothing(folder):
    """As on a share that is away for a moment."""
    aside = folder.path.with_name("aside")
    folder.path.rename(aside)
    assert "functions" in folder.server.wait_for_log(event="folder")["reason"]
    assert folder.server.get("/keep").text == "1"
    (aside / "keep.wat").unlink()
    (aside / "new.wat").write_bytes(numbered(2))
    aside.rename(folder.path)
    folder.soon("/new", 200, "2")
    folder.soon("/keep", 404, "unknown-function")


def test_a_link_is_as_good_as_a_file(folder):
    (folder.path.parent / "target.wat").write_bytes(numbered(5))
    (folder.path / "link.wat").symlink_to(folder.path.parent / "target.wat")
    folder.soon("/link", 200, "5")
    (folder.path.parent / "target.wat").unlink()
    folder.soon("/link", 404, "unknown-function")


def test_calls_in_flight_end_with_the_module_they_began_with(folder):
    """A module is replaced under 200 calls that sleep in it: every one is answered, by one or the other."""
    folder.put("slow.wat", (GUESTS / "sleep.wat").read_bytes())
    folder.soon("/slow", 200, "")
    wires = [Wire(folder.server) for _ in range(8)]
    try:
        answers = set()
        for round_ in range(25):
            for wire in wires:
                wire.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            if round_ == 5:
                folder.put("slow.wat", numbered(9))
            answers |= {(answer.status, answer.text) for answer in (wire.read() for wire in wires)}
    finally:
        for wire in wires:
            wire.__exit__()
    assert answers <= {(200, ""), (200, "9")}
    folder.soon("/slow", 200, "9")


def test_a_large_module_is_compiled_beside_the_calls(folder):
    """Seed 002 compiled at every call; here a change costs those who call nothing."""
    shutil.copy(EXAMPLES / "hello-go" / "hello-go.wasm", folder.path / "go.wasm")
    slowest = 0.0
    deadline = time.monotonic() + 20
    while folder.server.get("/go").status == 404:
        started = time.monotonic()
        assert folder.server.get("/keep").text == "1"
        slowest = max(slowest, time.monotonic() - started)
        assert time.monotonic() < deadline
    assert slowest < 0.5
    assert folder.server.get("/go?name=Ada").text.startswith("Hello, Ada!")


def test_a_small_module_does_not_wait_for_a_large_one(folder):
    shutil.copy(EXAMPLES / "hello-go" / "hello-go.wasm", folder.path / "go.wasm")
    folder.put("small.wat", numbered(3))
    (folder.path / "keep.wat").unlink()
    until(lambda: folder.server.get("/small").status == 200, "the small one")
    assert folder.server.get("/go").status == 404, "it is still being compiled"
    assert folder.server.get("/keep").status == 404


def test_a_folder_that_is_none_ends_the_start(binary, tmp_path):
    server = Server(binary, tmp_path / "data", "--dir", str(tmp_path / "nowhere"))
    with pytest.raises(RuntimeError, match="nowhere"):
        server.start()
    assert server.stop() == 1
