"""What a function can do is told at deploy, and a new version that can do more is refused until that is accepted."""

import re

import pytest

from conftest import GUESTS, until

TCP = "?allow=tcp%3D127.0.0.1:9"
CONNECTS = """(module (import "env" "tcp_connect" (func (param i32 i64) (result i32)))
              (func (export "run") (result i32) (i32.const {number})))"""


def connects(number):
    return CONNECTS.format(number=number).encode()


@pytest.mark.parametrize("guest, options, can_only", [
    ("run", "", "compute"),
    ("echo", "", "read stdin, write stdout and stderr, read its arguments"),
    ("echo", "?env=KEY%3Dvalue", "read stdin, write stdout and stderr, read its arguments, read the variable KEY"),
    ("echo", TCP, "read stdin, write stdout and stderr, read its arguments"),
    ("sleep", "", "sleep"),
])
def test_the_answer_lists_what_the_function_can_do(server, guest, options, can_only):
    deployed = server.deploy("f", guest, options).json
    assert deployed["can_only"] == can_only == server.show("f")["can_only"]
    assert deployed["capabilities"]["inside"] + deployed["capabilities"]["outside"] == (
        can_only.split(", ") if can_only != "compute" else [])


def test_a_version_that_can_do_more_is_refused_until_that_is_accepted(server):
    server.deploy("f", connects(1))
    refused = server.deploy("f", connects(2), TCP)
    assert (refused.status, refused.problem) == (409, "new-capabilities")
    assert "connect with tcp=127.0.0.1:9" in refused.json["detail"]
    assert server.get("/f").text == "1", "the version before stays live"
    digest = re.search(r"accept=(\w{12})", refused.json["detail"])[1]
    assert server.deploy("f", connects(2), f"{TCP}&accept=0123456789ab").problem == "new-capabilities"
    assert server.deploy("f", connects(2), f"{TCP}&accept={digest}").status == 200
    assert server.get("/f").text == "2"
    assert server.deploy("f", connects(3), TCP).status == 200, "it can do no more than the last"
    assert server.deploy("f", connects(4)).status == 200, "less needs no word"
    assert server.deploy("f", connects(5), TCP).problem == "new-capabilities"


def test_what_is_accepted_for_one_address_is_not_for_another(server):
    server.deploy("f", connects(1))
    refused = server.deploy("f", connects(1), TCP)
    digest = re.search(r"accept=(\w{12})", refused.json["detail"])[1]
    other = server.deploy("f", connects(1), f"?allow=tcp%3D127.0.0.1:22&accept={digest}")
    assert other.problem == "new-capabilities"


def test_the_command_line_accepts_and_tells(server, tmp_path):
    module = tmp_path / "f.wat"
    module.write_bytes(connects(1))
    assert "it can only: compute" in server.command("deploy", str(module)).stdout
    refused = server.command("deploy", str(module), "--allow", "tcp=127.0.0.1:9")
    assert refused.returncode == 1 and "--accept-capabilities" in refused.stderr
    done = server.command("deploy", str(module), "--allow", "tcp=127.0.0.1:9", "--accept-capabilities")
    assert "it can only: connect with tcp=127.0.0.1:9" in done.stdout, done.stderr


def test_a_file_of_the_watched_folder_needs_no_word(make_server, tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "f.wat").write_text((GUESTS / "run.wat").read_text())
    server = make_server("--dir", str(folder))
    assert server.get("/f").text == "42"
    (folder / "f.wat").write_text((GUESTS / "echo.wat").read_text())
    until(lambda: server.get("/f").text.startswith("f"), "the new file")
