"""Files that a deployed function sees: those of its bundle, and the named volumes of the server."""

import io
import json
import subprocess
import threading
import time
import zipfile

import pytest

from conftest import FUNCTIONS, meddling, numbered, reader, until

# Makes the file `made` in the first mount, writes to it, waits for the disk; exits with the error.
WRITER = """(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync" (func $datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "madehello")
  (data (i32.const 16) "\\44\\00\\00\\00\\05\\00\\00\\00")
  (func $check (param $error i32) (if (local.get $error) (then (call $exit (local.get $error)))))
  (func (export "_start")
    (call $check (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 4) (i32.const 1)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))
    (call $check (call $write (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $check (call $sync (i32.load (i32.const 0))))
    (call $check (call $datasync (i32.load (i32.const 0))))
    (call $check (call $sync (i32.const 3)))))
"""


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    """A zip of these files, by path."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


def answer_of(server, name):
    answer = server.get(f"/{name}")
    assert answer.status == 200, answer.text
    return answer.text


# --- Bundles -----------------------------------------------------------------------------------------------------


def test_a_bundle_is_at_the_root(server):
    files = {"app.wat": reader("public/a.txt"), "public/a.txt": "hello"}
    made = server.deploy("app", zipped(files))
    assert made.status == 201, made.text
    assert "read its own files" in made.json["can_only"]
    assert made.json["bundle"].startswith("sha256:")
    assert made.json["size"] == len(files["app.wat"])
    assert answer_of(server, "app") == "hello"


@pytest.mark.parametrize("hidden", ["app.wat", "function.toml"])
def test_what_describes_a_bundle_is_not_seen(server, hidden):
    made = server.deploy("app", zipped({"app.wat": reader(hidden), "function.toml": "module = 'app.wat'", "a": "1"}))
    assert made.status == 201, made.text
    answer = server.get("/app")
    assert (answer.status, answer.problem) == (500, "exit-code")
    assert answer.json["detail"].endswith("code 44"), "NOENT"


def test_a_bundle_of_a_module_alone_is_that_module(server):
    alone = server.deploy("app", numbered(7)).json["version"]
    assert server.deploy("app", zipped({"app.wat": numbered(7)})).json["version"] == alone


def test_function_toml_names_the_module_and_the_url_wins(server):
    toml = "module = './build/x.wat'\ntenant = 'file'\ntiming = true\n[limits]\nmemory = '64MiB'\n[env]\nA = '1'\n"
    archive = zipped({"function.toml": toml, "build/x.wat": reader("a"), "other.wat": "", "a": "content"})
    assert server.deploy("app", archive, "?tenant=url&env=B=2").status == 201
    assert answer_of(server, "app") == "content"
    settings = server.show("app")["settings"]
    assert (settings["tenant"], settings["timing"], settings["environment"]) == ("url", True, ["A", "B"])
    assert settings["limits"]["memory_bytes"] == 64 << 20


def test_metadata_names_the_module(server):
    metadata = json.dumps({"language": "wasm", "entrypointFile": "x.wat"})
    archive = zipped({"metadata.json": metadata, "x.wat": reader("a"), "y.wat": numbered(1), "a": "content"})
    assert server.deploy("app", archive).status == 201
    assert answer_of(server, "app") == "content"


@pytest.mark.parametrize(
    "files, problem, said",
    [({"a.txt": ""}, "bad-bundle", "no .wasm or .wat file and no source at its root"),
     ({"a.wat": "", "b.wat": ""}, "bad-bundle", "`a.wat` and `b.wat` are modules"),
     ({"function.toml": "module = '../x.wat'"}, "bad-bundle", "`../x.wat`, which is no file of the bundle"),
     ({"function.toml": "colour = 3"}, "bad-bundle", "function.toml:1:"),
     ({"function.toml": "module = 'a'\ntenant = ''", "a": ""}, "bad-option", "`tenant`"),
     ({"metadata.json": "{}"}, "bad-metadata", "`language`"),
     ({"a.wat": "", "../evil": ""}, "bad-bundle", "`..`"),
     ({"a.wat": "", "bomb": bytes(10 << 20)}, "bad-bundle", "unpack to"),
     ({"a.wat": "", **{f"f{i}": "" for i in range(1000)}}, "bad-bundle", "1001 entries")])
def test_a_bad_bundle_is_refused(server, files, problem, said):
    answer = server.deploy("app", zipped(files))
    assert answer.problem == problem
    assert said in answer.json["detail"]
    assert server.get("/app").status == 404


def test_versions_keep_their_bundles(make_server):
    server = make_server()
    module = reader("a")
    first, second = (server.deploy("app", zipped({"app.wat": module, "a": text})).json for text in ("one", "two"))
    assert first["version"] != second["version"] and first["size"] == second["size"]
    assert answer_of(server, "app") == "two"
    server.stop()
    server.start()
    assert answer_of(server, "app") == "two"
    rolled = server.request("POST", f"{FUNCTIONS}/app/rollback")
    assert (rolled.json["version"], rolled.json["bundle"]) == (first["version"], first["bundle"])
    assert answer_of(server, "app") == "one"


def test_seed_000_uploads_show_their_files(server):
    metadata = json.dumps({"language": "wasm", "entrypointFile": "x.wat"})
    module = reader("a").replace(b'"_start"', b'"handler"')
    archive = zipped({"metadata.json": metadata, "x.wat": module, "a": "content"})
    body = (b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.zip\"\r\n\r\n" + archive + b"\r\n--b--\r\n")
    assert server.request("POST", "/api/v1/handler/app", body, {"Content-Type": "multipart/form-data; boundary=b"}).status == 200
    assert answer_of(server, "app") == "content"


def folder_of(tmp_path, toml, files):
    for path, content in {"function.toml": toml, **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def test_a_folder_is_deployed_with_its_files(server, tmp_path):
    toml = "name = 'site'\nmodule = 'build/x.wat'\nfiles = ['public', 'config.json']\nenv = { A = '1' }\ntenant = 'file'\n"
    folder = folder_of(tmp_path / "app", toml, {"build/x.wat": reader("public/deep/a"), "public/deep/a": "content",
                                                "config.json": "{}", "secret": "", "public/b": b"\0" * 1_000_000})
    done = server.command("deploy", str(folder), "--tenant", "line", "--json")
    assert done.returncode == 0, done.stderr
    assert answer_of(server, "site") == "content"
    assert server.show("site")["settings"]["tenant"] == "line"
    assert server.show("site")["settings"]["environment"] == ["A"]
    assert json.loads(server.command("deploy", str(folder), "--tenant", "line", "--json").stdout)["version"] == \
        json.loads(done.stdout)["version"], "the same files are the same version"


def test_a_zip_is_deployed_from_the_command_line(server, tmp_path):
    (tmp_path / "app.zip").write_bytes(zipped({"x.wat": reader("a"), "a": "content"}))
    done = server.command("deploy", str(tmp_path / "app.zip"))
    assert done.returncode == 0, done.stderr
    assert answer_of(server, "app") == "content"


@pytest.mark.parametrize("named, said", [("'../secret'", "`../secret` is not inside the folder"), ("'/etc'", "not inside"),
                                         ("'missing'", "there is no"), ("'link'", "neither a file nor a folder")])
def test_a_folder_gives_nothing_from_outside(server, tmp_path, named, said):
    folder = folder_of(tmp_path / "app", f"module = 'x.wat'\nfiles = [{named}]", {"x.wat": reader("a")})
    (tmp_path / "secret").write_text("1")
    (folder / "link").symlink_to("../secret")
    done = server.command("deploy", str(folder))
    assert done.returncode != 0 and said in done.stderr


# --- Volumes -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.txt").write_text("hello")
    return tmp_path / "shared"


def test_a_volume_is_mounted_by_its_name(make_server, shared):
    server = make_server("--volume", f"uploads={shared}")
    made = server.deploy("read", reader("a.txt"), "?volume=uploads:/data")
    assert made.status == 201, made.text
    assert "read files of volume uploads under /data" in made.json["can_only"]
    assert answer_of(server, "read") == "hello"
    assert server.deploy("write", WRITER.encode(), "?volume=uploads:/data:rw").status == 201
    assert server.get("/write").status == 200
    assert (shared / "made").read_text() == "hello"


# Answers with the file `a.txt` of its first mount, up to 300 000 bytes of it.
LARGE_READER = """(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 8)
  (data (i32.const 64) "a.txt")
  (data (i32.const 16) "\\88\\13\\00\\00\\e0\\93\\04\\00")
  (func (export "_start")
    (drop (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 20)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
"""


def test_a_sandbox_that_was_put_back_reads_files_into_all_of_its_memory(make_server, shared):
    server = make_server("--volume", f"uploads={shared}")
    assert server.deploy("read", LARGE_READER.encode(), "?volume=uploads:/data").status == 201
    for turn in range(40):
        text = f"{turn} " * (100 * turn * turn // 2)
        (shared / "a.txt").write_text(text[:300_000])
        assert answer_of(server, "read") == text[:300_000]


def test_a_volume_is_read_only_unless_the_function_asks(make_server, shared):
    server = make_server("--volume", f"uploads={shared}")
    server.deploy("write", WRITER.encode(), "?volume=uploads:/data")
    assert server.get("/write").json["detail"].endswith("code 69"), "ROFS"
    assert not (shared / "made").exists()


def test_a_read_only_volume_is_written_by_nobody(make_server, shared):
    server = make_server("--volume", f"site={shared}:ro", "--volume", f"uploads={shared}")
    refused = server.deploy("write", WRITER.encode(), "?volume=site:/data:rw")
    assert refused.problem == "bad-option" and "`site` is read-only" in refused.json["detail"]
    server.deploy("read", reader("a.txt"), "?volume=site:/data")
    assert answer_of(server, "read") == "hello"


def test_a_volume_that_is_not_there_is_refused_with_those_that_are(make_server, shared):
    server = make_server("--volume", f"uploads={shared}", "--volume", f"site={shared}:ro")
    refused = server.deploy("read", reader("a.txt"), "?volume=x:/data")
    assert refused.problem == "bad-option"
    assert "this server has no volume `x`; it has site, uploads" in refused.json["detail"]
    bare = make_server(data="bare").deploy("read", reader("a.txt"), "?volume=x:/data")
    assert "it has none: start it with --volume x=DIR" in bare.json["detail"]


def test_a_volume_that_is_gone_after_a_restart_is_said_to_the_caller(make_server, shared):
    server = make_server("--volume", f"uploads={shared}")
    server.deploy("read", reader("a.txt"), "?volume=uploads:/data")
    server.stop()
    server.options = ()
    server.start()
    answer = server.get("/read")
    assert (answer.status, answer.problem) == (500, "volume")
    assert "this server has no volume `uploads`" in answer.json["detail"]
    server.stop()
    server.options = ("--volume", f"uploads={shared}")
    server.start()
    assert answer_of(server, "read") == "hello"


@pytest.mark.parametrize("volume, said", [("x", "write it as NAME=DIR"), ("=/tmp", "a name has 1 to 63"),
                                          ("a/b=/tmp", "a name has 1 to 63"), ("x=/nowhere/at/all", "cannot open the volume"),
                                          ("x=/etc/passwd:ro", "cannot open the volume")])
def test_a_volume_that_cannot_be_is_an_error_at_the_start(binary, tmp_path, volume, said):
    done = subprocess.run([binary, "up", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), "--volume", volume],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert f"--volume {volume}: " in done.stderr and said in done.stderr


def test_a_disk_that_is_slow_keeps_no_other_waiting(make_server, shared):
    server = make_server("--volume", f"uploads={shared}", "--threads", "1")
    server.deploy("write", WRITER.encode(), "?volume=uploads:/data:rw")
    server.deploy("late", WRITER.encode(), "?volume=uploads:/data:rw&timeout=500ms")
    server.deploy("quick", numbered(7))
    assert server.get("/write").status == server.get("/quick").status == 200
    statuses = []
    writer = threading.Thread(target=lambda: statuses.append(server.get("/write").status), daemon=True)
    with meddling(server, "fsync,fdatasync:delay_enter=1000000", ("loop-", "sync-")):
        start = time.monotonic()
        writer.start()
        until(lambda: server.sandboxes() == 1, "the guest to wait")
        assert server.get("/quick").text == "7"
        assert time.monotonic() - start < 0.9 and writer.is_alive()
        writer.join()
        assert statuses == [200] and time.monotonic() - start > 3, "it waited for each of its three calls"

        start = time.monotonic()
        assert server.get("/late").problem == "too-slow", "a guest ends while it waits"
        assert time.monotonic() - start < 0.9 and server.sandboxes() == 0
    assert server.get("/write").status == 200


def test_a_bundle_and_a_volume_are_both_seen(make_server, shared):
    server = make_server("--volume", f"site={shared}")
    for fd, path, content in ((3, "a.txt", "mine"), (4, "a.txt", "hello")):
        archive = zipped({"app.wat": reader(path, fd), "a.txt": "mine"})
        assert server.deploy("app", archive, "?volume=site:/site").status in (200, 201)
        assert answer_of(server, "app") == content
    clash = server.deploy("app", zipped({"app.wat": reader("a"), "a": ""}), "?volume=site:/")
    assert clash.problem == "bad-option" and "another tree" in clash.json["detail"]


def test_a_long_listing_comes_whole(make_server, shared):
    """More than the server lists before other guests get their turn."""
    count = 5000
    for i in range(count):
        (shared / f"a-name-of-some-length-{i:06}").touch()
    lister = """(module
      (import "wasi_snapshot_preview1" "fd_readdir" (func $list (param i32 i32 i32 i64 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32)))
      (memory (export "memory") 32)
      (func (export "_start")
        (drop (call $list (i32.const 3) (i32.const 64) (i32.const 2000000) (i64.const 0) (i32.const 4)))
        (i32.store (i32.const 0) (i32.const 64))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
    server = make_server("--volume", f"site={shared}")
    assert server.deploy("list", lister.encode(), "?volume=site:/site").status == 201
    body, names, at = server.get("/list").body, [], 0
    while at < len(body):
        length = int.from_bytes(body[at + 16:at + 20], "little")
        names.append(body[at + 24:at + 24 + length].decode())
        at += 24 + length
    assert sorted(names) == sorted([".", "..", *(path.name for path in shared.iterdir())])
