"""Composition at deploy: what a component imports is given by components that are deployed."""

import pytest

from conftest import FUNCTIONS, GUESTS, ROOT

COMPONENTS = GUESTS / "components"
GATE = (COMPONENTS / "http2-gate.wat").read_bytes()
HELLO = (ROOT / "bench/peers/hello-http.wat").read_bytes()

# `exec` that calls the function `shape` it imports, as component text: TYPE is what the import is.
CALLER = """(component
  (import "test:shape/text@1.0.0" (instance $shape (export "shape" (func (param "input" TYPE) (result TYPE)))))
  (core module $m (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
      (global.get $free)
      (global.set $free (i32.add (global.get $free) (local.get $size)))))
  (core instance $memory (instantiate $m))
  (alias core export $memory "memory" (core memory $memory))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $lowered (canon lower (func $shape "shape") (memory $memory) (realloc $realloc)))
  (core module $p (import "shape" "shape" (func $shape (param LOWERED)))
    (func (export "exec") (param i32 i32) (result i32) CALL (i32.const 0)))
  (core instance $run (instantiate $p (with "shape" (instance (export "shape" (func $lowered))))))
  (func $exec (param "input" string) (result string)
    (canon lift (core func $run "exec") (memory $memory) (realloc $realloc)))
  (export "exec" (func $exec)))""".replace("LOWERED", "i32 i32 i32").replace(
    "CALL", "(call $shape (local.get 0) (local.get 1) (i32.const 0))")


def shaper(characters, version="1.0.0"):
    """Exports `shape`: its input between two characters."""
    frame = (COMPONENTS / "exec-frame.wat").read_text().replace('"<>"', f'"{characters}"')
    start = frame.index('  (func (export "exec") (param "input"')
    return (frame[:start] + """  (func $shape (param "input" string) (result string)
    (canon lift (core func $run "exec") (memory (core memory $run "memory")) (realloc (core func $run "realloc"))))
  (instance $text (export "shape" (func $shape)))
  (export "test:shape/text@VERSION" (instance $text)))""".replace("VERSION", version)).encode()


CALLER_TEXT = CALLER.replace("TYPE", "string").encode()


def deploy(server, name, module, query=""):
    made = server.deploy(name, module, query)
    assert made.status in (200, 201), made.text
    return made.json


def test_an_http_middleware(make_server):
    server = make_server()
    app = deploy(server, "app", HELLO)
    made = deploy(server, "gate", GATE, "?compose=app")
    assert (made["kind"], made["composed_with"]) == ("http", [{"function": "app", "version": app["version"]}])
    assert made["component"].startswith("sha256:")
    for _ in range(2):
        assert server.get("/gate").status == 401
        answer = server.get("/gate", Authorization="me")
        assert (answer.status, answer.text) == (200, "Hello World!\n")
        server.stop()
        server.start()
    assert server.get("/app").text == "Hello World!\n", "it is there for itself"


@pytest.mark.parametrize("app", ["http2-hello", "http2-echo"])
def test_a_middleware_of_a_tool_chains_component(server, app):
    deploy(server, "app", (COMPONENTS / f"{app}.wasm").read_bytes())
    deploy(server, "gate", GATE, "?compose=app")
    assert server.request("POST", "/gate", b"x" * 100_000).status == 401
    answer = server.request("POST", "/gate", b"x" * 100_000, {"Authorization": "me"})
    alone = server.request("POST", "/app", b"x" * 100_000)
    assert (answer.status, answer.body) == (200, alone.body)


def test_middlewares_in_a_row(server):
    deploy(server, "app", HELLO)
    deploy(server, "inner", GATE, "?compose=app")
    deploy(server, "outer", GATE, "?compose=inner")
    assert server.get("/outer").status == 401
    assert server.get("/outer", Authorization="me").text == "Hello World!\n"
    assert [part["function"] for part in server.show("outer")["composed_with"]] == ["inner"]


def test_a_middleware_by_itself_says_what_it_lacks(server):
    refused = server.deploy("gate", GATE)
    assert refused.problem == "unknown-import"
    assert "`wasi:http/incoming-handler@0.2.0`" in refused.json["detail"] and "?compose=NAME" in refused.json["detail"]


def test_a_composition_keeps_what_it_was_made_of(server):
    first = deploy(server, "shape", shaper("()"))
    deploy(server, "caller", CALLER_TEXT, "?compose=shape")
    assert server.request("POST", "/caller", b"x").text == "(x)"
    second = deploy(server, "shape", shaper("[]"))
    assert server.request("POST", "/caller", b"x").text == "(x)", "until it is deployed again"
    made = deploy(server, "caller", CALLER_TEXT, "?compose=shape")
    assert made["composed_with"] == [{"function": "shape", "version": second["version"]}]
    assert server.request("POST", "/caller", b"x").text == "[x]"
    assert server.request("DELETE", f"{FUNCTIONS}/shape").status == 200
    assert server.request("POST", f"{FUNCTIONS}/caller/rollback").status == 200
    assert server.request("POST", "/caller", b"x").text == "(x)"
    assert server.show("caller")["composed_with"] == [{"function": "shape", "version": first["version"]}]


def test_a_plug_of_a_compatible_version(server):
    deploy(server, "shape", shaper("()", version="1.0.3"))
    deploy(server, "caller", CALLER_TEXT, "?compose=shape")
    assert server.request("POST", "/caller", b"x").text == "(x)"


def test_the_file_and_the_command_line_say_it_too(server, tmp_path):
    deploy(server, "shape", shaper("()"))
    (tmp_path / "caller.wat").write_bytes(CALLER_TEXT)
    (tmp_path / "function.toml").write_text('name = "caller"\nmodule = "caller.wat"\ncompose = ["shape"]\n')
    made = server.command("deploy", str(tmp_path))
    assert made.returncode == 0, made.stderr
    assert server.request("POST", "/caller", b"x").text == "(x)"
    made = server.command("deploy", str(tmp_path / "caller.wat"), "--name", "other", "--compose", "shape")
    assert made.returncode == 0, made.stderr
    assert server.request("POST", "/other", b"x").text == "(x)"


@pytest.mark.parametrize("plug, query, problem, said", [
    (None, "?compose=missing", "bad-composition", "there is no deployed function `missing`"),
    (HELLO, "?compose=plug", "bad-composition",
     "nothing that `plug` exports is imported: it exports `wasi:http/incoming-handler@0.2.0`, and what is imported is "
     "`test:shape/text@1.0.0`"),
    (shaper("()", version="2.0.0"), "?compose=plug", "bad-composition", "`test:shape/text@2.0.0`"),
    (CALLER_TEXT.replace(b"test:shape/text", b"other:shape/text"), "", "unknown-import", "`test:shape/text@1.0.0`"),
    ((GUESTS / "cat.wat").read_bytes(), "?compose=plug", "bad-composition", "`plug` is a core module"),
    (None, "?" + "&".join(["compose=a"] * 16), "bad-composition", "15 are the most"),
])
def test_what_does_not_fit(server, plug, query, problem, said):
    if plug is not None:
        server.deploy("plug", plug)
    refused = server.deploy("caller", CALLER_TEXT, query)
    assert (refused.status, refused.problem) == (422, problem)
    assert said in refused.json["detail"], refused.text
    assert server.get("/caller").problem == "unknown-function"


def test_a_plug_of_another_type(server):
    other = shaper("()").replace(b'(func $shape (param "input" string)', b'(func $shape (param "text" string)')
    deploy(server, "plug", other)
    refused = server.deploy("caller", CALLER_TEXT, "?compose=plug")
    assert refused.problem == "bad-composition"
    assert "is imported with another type than `plug` exports it with" in refused.json["detail"]


def test_a_core_module_is_not_composed(server):
    deploy(server, "shape", shaper("()"))
    refused = server.deploy("cat", (GUESTS / "cat.wat").read_bytes(), "?compose=shape")
    assert refused.problem == "bad-composition" and "the upload is a core module" in refused.json["detail"]


def test_a_composition_is_a_stage(server):
    deploy(server, "shape", shaper("()"))
    deploy(server, "caller", CALLER_TEXT, "?compose=shape")
    assert server.deploy("chain", b'stages = ["caller", "caller"]').status == 201
    assert server.request("POST", "/chain", b"x").text == "((x))"
