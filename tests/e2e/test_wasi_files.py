"""Files through WASI preview1, with guests that are written here: a list of calls, whose errors are the answer."""

import struct

import pytest

from conftest import Server

SUCCESS, BADF, EXIST, FAULT, ILSEQ, INVAL, ISDIR, LOOP, MFILE = 0, 8, 20, 21, 25, 28, 31, 32, 33
NAMETOOLONG, NOENT, NOSPC, NOTDIR, NOTEMPTY, NOTSOCK, PERM, SPIPE = 37, 44, 51, 54, 55, 57, 63, 70

STDIN, STDOUT, TMP, FIRST = 0, 1, 3, 4  # descriptors: /tmp is the only mount, the next is the first that is opened
CREATE, DIRECTORY, EXCLUSIVE = 1, 2, 4
READ, WRITE = 2, 64
FOLLOW = 1

SIGNATURES = {
    "fd_advise": "iIIi", "fd_allocate": "iII", "fd_close": "i", "fd_datasync": "i", "fd_fdstat_get": "ii",
    "fd_fdstat_set_flags": "ii", "fd_fdstat_set_rights": "iII", "fd_filestat_get": "ii", "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi", "fd_pread": "iiiIi", "fd_prestat_get": "ii", "fd_prestat_dir_name": "iii",
    "fd_pwrite": "iiiIi", "fd_read": "iiii", "fd_readdir": "iiiIi", "fd_renumber": "ii", "fd_seek": "iIii",
    "fd_sync": "i", "fd_tell": "ii", "fd_write": "iiii", "path_create_directory": "iii", "path_filestat_get": "iiiii",
    "path_filestat_set_times": "iiiiIIi", "path_link": "iiiiiii", "path_open": "iiiiiIIii", "path_readlink": "iiiiii",
    "path_remove_directory": "iii", "path_rename": "iiiiii", "path_symlink": "iiiii", "path_unlink_file": "iii",
    "poll_oneoff": "iiii", "sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
}
ERRORS, OUT, TEXT, END = 1024, 4096, 8192, 65536  # where a guest keeps errors, results, and texts; and its memory ends


class Script:
    """A guest: its calls, in order. It answers with their errors and then 4096 bytes of results at OUT."""

    def __init__(self):
        self.calls, self.texts, self.next = [], [], TEXT

    def text(self, value):
        """Puts a text into memory: its address and length, as arguments."""
        value = value if isinstance(value, bytes) else value.encode()
        self.texts.append((self.next, value))
        self.next += len(value) + 1
        return self.next - len(value) - 1, len(value)

    def call(self, name, *arguments):
        self.calls.append((name, arguments))
        return self

    def open(self, path, flags=0, rights=READ, fd=TMP, lookup=FOLLOW):
        return self.call("path_open", fd, lookup, *self.text(path), flags, rights, 0, 0, OUT)

    def on(self, name, path, fd=TMP):
        return self.call(name, fd, *self.text(path))

    def wat(self):
        used = sorted({name for name, _ in self.calls} | {"fd_write"})
        types = {"i": "i32", "I": "i64"}
        lines = ["(module"]
        for name in used:
            parameters = " ".join(types[letter] for letter in SIGNATURES[name])
            lines.append(f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {parameters}) (result i32)))')
        lines.append('(memory (export "memory") 1)')
        for address, value in self.texts:
            escaped = "".join(f"\\{byte:02x}" for byte in value)
            lines.append(f'(data (i32.const {address}) "{escaped}")')
        size = 4 * len(self.calls)
        iovecs = struct.pack("<4I", ERRORS, size, OUT, 4096)
        lines.append('(data (i32.const 0) "' + "".join(f"\\{byte:02x}" for byte in iovecs) + '")')
        lines.append('(func (export "_start")')
        for i, (name, arguments) in enumerate(self.calls):
            values = " ".join(f"({types[letter]}.const {value})"
                              for letter, value in zip(SIGNATURES[name], arguments, strict=True))
            lines.append(f"(i32.store (i32.const {ERRORS + 4 * i}) (call ${name} {values}))")
        lines.append(f"(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const {END - 4})))))")
        return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("files") / "data").start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def run(server):
    def run(script):
        """The errors of a script's calls, and what is at OUT."""
        made = server.deploy("script", script.wat())
        assert made.status in (200, 201), made.text
        answer = server.get("/script")
        assert answer.status == 200, answer.text
        count = len(script.calls)
        return list(struct.unpack(f"<{count}I", answer.body[:4 * count])), answer.body[4 * count:]

    return run


def test_a_file_is_written_and_read_back(run):
    script = Script().open("f", CREATE, READ | WRITE)
    address, length = script.text("hello")
    iovec, _ = script.text(struct.pack("<II", address, length))
    into, _ = script.text(struct.pack("<II", OUT + 16, 100))
    script.call("fd_write", FIRST, iovec, 1, OUT + 4)
    script.call("fd_seek", FIRST, -4, 1, OUT + 8)
    script.call("fd_read", FIRST, into, 1, OUT + 4)
    errors, out = run(script)
    assert errors == [0, 0, 0, 0]
    assert struct.unpack("<IIQ", out[:16]) == (FIRST, 4, 1)
    assert out[16:21] == b"ello\0"


def test_every_request_finds_tmp_empty(run):
    script = Script().open("f", CREATE | EXCLUSIVE, WRITE).open("f", CREATE | EXCLUSIVE, WRITE)
    assert [run(script)[0] for _ in range(3)] == [[SUCCESS, EXIST]] * 3


@pytest.mark.parametrize(
    "path, error",
    [("", NOENT), ("/etc/passwd", PERM), ("..", PERM), ("../../etc/passwd", PERM), ("d/../..", PERM), ("f\0", INVAL),
     (b"\xff", ILSEQ), ("f/", NOTDIR), ("f/x", NOTDIR), ("missing/x", NOENT), ("x" * 256, NAMETOOLONG),
     ("x/" * 2048, NAMETOOLONG), ("loop", LOOP), ("loop/x", LOOP), ("up/etc/passwd", PERM), ("d", SUCCESS),
     ("d/../d/./../f", SUCCESS)],
)
def test_a_path_stays_inside(run, path, error):
    script = Script().on("path_create_directory", "d").open("f", CREATE, WRITE)
    script.call("path_symlink", *script.text("loop"), TMP, *script.text("loop"))
    script.call("path_symlink", *script.text("../.."), TMP, *script.text("up"))
    assert run(script.open(path))[0] == [0, 0, 0, 0, error]


@pytest.mark.parametrize("name", ["path_create_directory", "path_remove_directory", "path_unlink_file"])
@pytest.mark.parametrize("path, error", [("../x", PERM), ("/x", PERM), ("x\0y", INVAL), ("", NOENT), (b"\xc0\xaf", ILSEQ)])
def test_no_change_is_made_outside(run, name, path, error):
    assert run(Script().on(name, path))[0] == [error]


@pytest.mark.parametrize("address, length", [(END, 1), (END - 1, 2), (0xFFFFFFFF, 1), (0, 0xFFFFFFFF), (0x80000000, 0x80000000)])
def test_a_path_outside_the_memory_is_an_error(run, address, length):
    script = Script()
    outside = (address, length)
    for name in ("path_create_directory", "path_remove_directory", "path_unlink_file"):
        script.call(name, TMP, *outside)
    script.call("path_open", TMP, 0, *outside, 0, READ, 0, 0, OUT)
    script.call("path_filestat_get", TMP, 0, *outside, OUT)
    script.call("path_filestat_set_times", TMP, 0, *outside, 0, 0, 0)
    script.call("path_readlink", TMP, *outside, OUT, 10, OUT)
    script.call("path_rename", TMP, *outside, TMP, *script.text("a"))
    script.call("path_link", TMP, 0, *script.text("a"), TMP, *outside)
    script.call("path_symlink", *outside, TMP, *script.text("a"))
    script.call("fd_readdir", TMP, *outside, 0, OUT)
    assert run(script)[0] == [FAULT] * len(script.calls)


@pytest.mark.parametrize("result", [END - 1, END, 0xFFFFFFFF])
def test_a_result_outside_the_memory_is_an_error_before_anything_happens(run, result):
    script = Script().on("path_create_directory", "d")
    script.call("path_open", TMP, 0, *script.text("f"), CREATE, WRITE, 0, 0, result)
    script.call("path_filestat_get", TMP, 0, *script.text("d"), result)
    script.call("fd_filestat_get", TMP, result)
    script.call("fd_fdstat_get", TMP, result)
    script.call("fd_prestat_get", TMP, result)
    script.call("fd_prestat_dir_name", TMP, result, 100)
    script.call("fd_readdir", TMP, OUT, 100, 0, result)
    errors, _ = run(script.open("f"))
    assert errors == [0] + [FAULT] * 7 + [NOENT], "the file was not made"


def test_descriptors_that_are_not_open(run):
    script = Script()
    for name, signature in SIGNATURES.items():
        if name.startswith(("fd_", "sock_")):
            script.call(name, *[99 if i == 0 else 0 for i in range(len(signature))])
    script.on("path_create_directory", "d", fd=99).on("path_unlink_file", "d", fd=0xFFFFFFFF).open("f", fd=STDOUT)
    errors, _ = run(script)
    assert errors == [BADF] * (len(errors) - 1) + [NOTDIR]


def test_descriptors_have_a_limit(run):
    script = Script()
    for i in range(62):
        script.open("f", CREATE, WRITE)
    errors, _ = run(script.call("fd_close", FIRST).open("f", CREATE, WRITE))
    assert errors == [SUCCESS] * 60 + [MFILE] * 2 + [SUCCESS] * 2, "64 with the standard ones and /tmp"


def test_tmp_ends(run):
    script = Script().open("f", CREATE, WRITE)
    script.call("fd_allocate", FIRST, 0, 17 << 20).call("fd_allocate", FIRST, 0, 15 << 20)
    assert run(script)[0] == [SUCCESS, NOSPC, SUCCESS]


def test_a_directory_is_no_file_and_nothing_is_a_socket(run):
    script = Script().call("fd_tell", TMP, OUT).call("fd_tell", STDIN, OUT).call("sock_shutdown", TMP, 0)
    script.call("fd_seek", STDOUT, 0, 0, OUT).call("fd_sync", TMP)
    assert run(script)[0] == [ISDIR, SPIPE, NOTSOCK, SPIPE, SUCCESS]


def test_a_listing_goes_on_at_its_cookie(run):
    script = Script()
    for name in ("one", "two", "three"):
        script.on("path_create_directory", name)
    script.call("fd_readdir", TMP, OUT, 1000, 3, OUT + 2000).call("fd_readdir", TMP, OUT + 1000, 30, 0, OUT + 2004)
    errors, out = run(script)
    assert errors == [0] * 5
    used, cut = struct.unpack("<II", out[2000:2008])
    records, at = [], 0
    while at < used:
        cookie, _, length, kind = struct.unpack("<QQIB", out[at:at + 21])
        records.append((cookie, kind, out[at + 24:at + 24 + length].decode()))
        at += 24 + length
    assert records == [(4, 3, "two"), (5, 3, "three")]
    assert cut == 30, "a full buffer says that there is more"


def test_what_is_full_is_not_removed(run):
    script = Script().on("path_create_directory", "d").open("d/f", CREATE, WRITE)
    script.on("path_remove_directory", "d").on("path_unlink_file", "d")
    script.on("path_unlink_file", "d/f").on("path_remove_directory", "d")
    assert run(script)[0] == [0, 0, NOTEMPTY, ISDIR, 0, 0]
