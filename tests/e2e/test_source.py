"""Functions from source: what every language has in common."""

import pathlib
import re
import shutil
import subprocess
import time

import pytest
from conftest import FUNCTIONS, ROOT, Server, Wire
from languages import bundle

HELLO = {
    "js": ("hello.js", "export default { fetch: (request) => new Response('from js') };"),
    "ts": ("hello.ts", "export function handler(request: Request): string { return 'from ts' as string; }"),
    "python": ("hello.py", "def handler(request):\n    return 'from python'\n"),
    "lua": ("hello.lua", "function handler(request) return 'from lua' end"),
    "php": ("hello.php", "<?php header('Content-Type: text/plain'); echo 'from php';"),
    "perl": ("hello.pl", "use strict;\nsub handler { return 'from perl'; }\n"),
    "c": ("hello.c", "#include <stdio.h>\nint main(void) { printf(\"from c\"); }\n"),
}
OVERVIEW = (ROOT / "docs/languages/README.md").read_text()
COUNTER = "let count = 0; export function handler() { return String(++count); }"


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    """One for the tests of this file, which have functions of their own."""
    running = Server(binary, tmp_path_factory.mktemp("source") / "data").start()
    yield running
    assert running.stop() == 0


def put(server, name, source, query=""):
    return server.request("PUT", f"{FUNCTIONS}/{name}{query}", source.encode() if isinstance(source, str) else source)


def refusal(server, source, query="", problem="bad-source"):
    answer = put(server, "refused", source, query)
    assert answer.status == 422 and answer.problem == problem, answer.text
    assert server.get("/refused").status == 404
    return answer.json["detail"]


@pytest.mark.parametrize("language", HELLO)
@pytest.mark.parametrize("told_by", ["looks", "name", "option"])
def test_the_language_is_found(server, language, told_by):
    file, source = HELLO[language]
    name = f"{told_by}-{language}"
    target = {"looks": name, "name": name + file.removeprefix("hello"), "option": f"{name}?language={language}"}[told_by]
    made = put(server, target, source)
    assert made.status == 201 and made.json["name"] == name, made.text
    answer = server.get(f"/{name}")
    assert (answer.status, answer.body.decode()) == (200, f"from {language}")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(("language", "source"), re.findall(r"```(\w+)\n(.*?)```", OVERVIEW, re.S))
def test_the_same_in_each_language(server, language, source):
    assert put(server, f"same-{language}", source, "?cgi=true" if language == "c" else "").status == 201
    assert server.get(f"/same-{language}?name=Ada").json == {"hello": "Ada"}
    answer = server.get(f"/same-{language}")
    assert answer.json == {"hello": "world"} and answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("#!/usr/bin/perl\nsub handler { 1 }", "source"),
        ("#!/usr/bin/env -S perl -w\nsub handler { 1 }", "source"),
        ("my $app = sub { [200, [], ['x']] };\n$app;", "source"),
        ("#!/usr/local/bin/node\nexports.handler = () => 1", "source"),
        ("// C\n#include <stdio.h>\nint main(void) { puts(\"x\"); }", "command"),
        ("#!/usr/bin/tcc -run\nint puts(const char*); int main(void) { puts(\"x\"); }", "command"),
    ],
)
def test_what_a_source_looks_like(server, source, language):
    made = put(server, "looks", source, "?accept=any")
    assert made.status in (200, 201) and made.json["kind"] == language, made.text
    assert server.get("/looks").status == 200


def test_what_cannot_be_told_is_asked_for(server):
    answer = put(server, "unclear", "hello world")
    assert answer.problem == "not-wasm" and "?language=NAME" in answer.json["detail"]


def test_a_language_that_there_is_not(server):
    answer = put(server, "refused", "x", "?language=cobol")
    assert answer.status == 400 and "`cobol`" in answer.json["detail"]


def test_a_language_that_this_server_has_not(binary, make_server, tmp_path):
    (tmp_path / "js").symlink_to(pathlib.Path(binary).parent.parent / "languages" / "js")
    server = make_server("--languages", tmp_path)
    for query in ("?language=c", ""):
        missing = put(server, "refused", "#include <stdio.h>", query)
        assert missing.status == 422 and missing.problem == "unknown-language"
        assert "this server has `js`" in missing.json["detail"]
        assert ("The language `c` is a guess" in missing.json["detail"]) == (query == "")


def test_errors_name_file_and_line(server):
    assert refusal(server, "export function handler() {\n  return 1 +;\n}", "?language=js").startswith("main.js:2:")
    assert refusal(server, "def handler(request):\n  return 1 +\n").startswith("main.py:2:")
    assert refusal(server, "function handler(request)\n  return 1 +\nend", "?language=lua").startswith("main.lua:3")
    assert "main.php" in refusal(server, "<?php\nfunction {", "?language=php")
    typed = bundle({"index.ts": "import { x } from './lib';\nexport const handler = () => x;", "lib.ts": "export const x: =;"})
    assert refusal(server, typed).startswith("lib.ts:1:")


def test_an_error_says_when_the_language_was_guessed(server):
    source = "def handler(request)\n  return 1\n"  # Python, but for a colon: it looks like Ruby
    said = refusal(server, source)
    assert said.startswith("main.rb:") and "The language `ruby` is a guess" in said, said
    for named in ("?language=NAME", "--language NAME", "`refused.py`"):
        assert named in said
    assert refusal(server, source, "?language=python").splitlines()[0].startswith("main.py:1:")
    assert "is a guess" not in refusal(server, source, "?language=python")
    answer = put(server, "refused.py", source)
    assert answer.problem == "bad-source" and answer.json["detail"].startswith("main.py:1:")
    assert "is a guess" not in answer.json["detail"]


def test_a_top_level_that_does_not_end(server):
    assert "ms" in refusal(server, "for (;;);", "?language=js&cpu=100ms")
    assert "memory" in refusal(server, "let a = []; for (;;) a.push('x'.repeat(1 << 20) + a.length);", "?language=js&memory=64MiB")


def test_an_exception_is_told_and_logged(server):
    assert put(server, "throws", "export function handler() {\n  throw new TypeError('no tea');\n}").status == 201
    answer = server.get("/throws")
    assert answer.status == 500 and answer.problem == "exception"
    assert "TypeError: no tea" in answer.json["detail"]
    line = server.wait_for_log(event="failure", function="throws")
    assert line["type"] == "exception"
    assert any("main.js:2" in entry.get("line", "") for entry in server.log() if entry.get("function") == "throws")


def test_what_the_top_level_prints_is_in_the_function_log(server):
    assert put(server, "talks", "console.log('loaded'); export const handler = () => 1").status == 201
    assert server.wait_for_log(function="talks", line="loaded")["id"] == "deploy"


def test_nothing_of_a_request_is_left_for_the_next(server):
    source = """
        globalThis.seen = [];
        export function handler(request) {
          const before = [globalThis.seen.length, Object.prototype.mark ?? null, Array.prototype.push.mark ?? null, state.n];
          globalThis.seen.push(request.url); Object.prototype.mark = 1; Array.prototype.push.mark = 2; state.n++;
          setTimeout(() => { state.n += 100 }, 0);
          return before;
        }
        const state = { n: 0 };"""
    assert put(server, "clean", source).status == 201
    for _ in range(20):
        assert server.get("/clean").json == [0, None, None, 0]


def test_random_numbers_are_fresh(server):
    assert put(server, "random", "const early = Math.random(); export const handler = () => [early, Math.random(), crypto.randomUUID()]").status == 201
    answers = [server.get("/random").json for _ in range(10)]
    assert len({early for early, _, _ in answers}) == 1, "the top level has run once"
    assert len({now for _, now, _ in answers}) == len({uuid for _, _, uuid in answers}) == 10


def test_a_function_is_there_after_a_restart_with_its_image_or_without(make_server):
    server = make_server()
    assert put(server, "counter", COUNTER).status == 201
    assert put(server, "zipped", bundle({"main.py": "import lib\ndef handler(request): return lib.x", "lib.py": "x = 'lib'"})).status == 201
    for drop_the_cache in (False, True):
        assert server.stop() == 0
        if drop_the_cache:
            shutil.rmtree(server.data / "cache")
        server.start()
        assert server.get("/counter").text == "1"
        assert server.get("/zipped").text == "lib"


def test_hot_deploy_and_rollback(server):
    for text in ("one", "two"):
        assert put(server, "versions", f"export const handler = () => '{text}'").status in (200, 201)
        assert server.get("/versions").text == text
    broken = put(server, "versions", "export const handler = ")
    assert broken.status == 422 and server.get("/versions").text == "two"
    assert server.command("rollback", "versions").returncode == 0
    assert server.get("/versions").text == "one"


def test_the_entry_file_of_a_bundle(server):
    files = {"a.js": "export const handler = () => 'a'", "b.js": "export const handler = () => 'b'"}
    assert "entrypoint" in put(server, "refused", bundle(files)).json["detail"]
    assert put(server, "chosen", bundle(files), "?entrypoint=b.js").status == 201
    assert server.get("/chosen").text == "b"
    assert put(server, "toml", bundle({**files, "function.toml": 'entrypoint = "a.js"\n[env]\nMODE = "x"\n'})).status == 201
    assert server.get("/toml").text == "a"
    assert put(server, "main", bundle({**files, "main.js": "export { handler } from './a.js'"})).status == 201
    assert server.get("/main").text == "a"
    assert put(server, "refused", bundle(files), "?entrypoint=c.js").json["detail"].endswith("no file of the bundle")


def test_seed_000s_bundle_of_javascript(server):
    content = bundle({"handler.js": "const h = (ctx) => { ctx.json({ msg: 'Hello from ' + ctx.request().getParam('name') }) }; h",
                      "metadata.json": '{"language": "js", "entrypointFile": "handler.js"}'})
    boundary = b"--x\r\nContent-Disposition: form-data; name=f; filename=b.zip\r\n\r\n" + content + b"\r\n--x--\r\n"
    uploaded = server.request("POST", "/api/v1/handler/seed", boundary, {"Content-Type": "multipart/form-data; boundary=x"})
    assert (uploaded.status, uploaded.body) == (200, b'{"status":"ok", "message":"Handler seed uploaded"}')
    answer = server.request("GET", "/api/v1/handler/seed", b"{}", {"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json == {"msg": "Hello from seed"}
    assert answer.headers["Content-Type"].startswith("application/json")


def test_the_environment_is_that_of_the_request(server):
    source = "export default { fetch: (request, env) => new Response(env.MODE + (env.name ?? '')) }"
    assert put(server, "environment", source, "?env=MODE=live&accept=any").status == 201
    assert server.get("/environment?name=x").text == "live"


def test_large_bodies_both_ways(server):
    assert put(server, "echo", "export default { async fetch(r) { return new Response(await r.arrayBuffer()) } }").status == 201
    body = bytes(range(256)) * 4096 * 4
    answer = server.request("POST", "/echo", body)
    assert answer.status == 200 and answer.body == body


def test_a_response_is_sent_while_it_is_made(server):
    source = """export default { fetch() {
        let part = 0;
        return new Response(new ReadableStream({ async pull(controller) {
          controller.enqueue(new TextEncoder().encode(`part ${++part}\\n`));
          await new Promise((resolve) => setTimeout(resolve, 300));
          if (part === 3) controller.close();
        } }));
      } }"""
    assert put(server, "stream", source).status == 201
    with Wire(server) as wire:
        begun = time.monotonic()
        wire.send(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        lines = iter(wire.file.readline, b"part 1\n")
        assert any(line.lower() == b"transfer-encoding: chunked\r\n" for line in lines)
        assert time.monotonic() - begun < 0.5, "the first part does not wait for the last"
        assert b"part 3\n" in iter(wire.file.readline, b"0\r\n")


def test_limits_hold_while_it_runs(server):
    assert put(server, "loops", "export function handler() { for (;;); }", "?cpu=50ms").status == 201
    assert server.get("/loops").problem == "too-slow"
    assert put(server, "grows", "export function handler() { const a = []; for (;;) a.push(new Uint8Array(1 << 20)); }", "?memory=32MiB").status == 201
    assert server.get("/grows").status == 500
    assert put(server, "recurses", "export function handler() { const f = () => f() + 1; return f(); }").status == 201
    assert "RangeError" in server.get("/recurses").json["detail"]
    assert put(server, "never", "export default { fetch: () => new Promise(() => {}) }").status == 201
    assert server.get("/never").problem == "exception"


def test_the_languages_of_this_machine_are_listed(binary):
    listed = subprocess.run([binary, "languages"], capture_output=True, text=True, timeout=300)
    assert listed.returncode == 0, listed.stderr
    rows = {line.split()[0]: line for line in listed.stdout.splitlines()[1:]}
    assert set(HELLO) <= set(rows)
    assert "QuickJS-ng" in rows["js"] and "ms" in rows["js"] and "PSF-2.0" in rows["python"]


SNAPSHOT = b"""(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func (export "wizer.initialize")
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (drop (call $random (i32.const 8) (i32.const 4))))
  (func (export "run") (result i32)
    (i32.add (global.get $calls) (i32.shl (i32.load (i32.const 8)) (i32.const 1)))))"""


def test_a_module_is_initialised_once_when_it_says_so(make_server):
    server = make_server()
    assert server.deploy("snapshot", SNAPSHOT, "?snapshot=true").status == 201
    first = server.get("/snapshot").text
    assert int(first) & 1 == 1, "it has been called"
    assert {server.get("/snapshot").text for _ in range(5)} == {first}
    server.stop()
    server.start()
    assert server.get("/snapshot").text == first
    assert server.deploy("fresh", SNAPSHOT).status == 201
    assert server.get("/fresh").text == "0"


@pytest.mark.parametrize(("module", "problem", "says"), [
    (b'(module (func (export "run") (result i32) (i32.const 1)))', "bad-module", "no memory"),
    (b'(module (memory 1) (func (export "run") (result i32) (i32.const 1)))', "bad-module", "wizer.initialize"),
    (SNAPSHOT.replace(b"(global.set $calls", b"unreachable (global.set $calls"), "bad-source", "unreachable"),
])  # fmt: skip
def test_a_snapshot_that_cannot_be_taken(server, module, problem, says):
    answer = server.deploy("refused", module, "?snapshot=true")
    assert answer.problem == problem and says in answer.json["detail"]


PATHS = {
    "js": "export default { fetch: (request) => new Response(request.method + ' ' + new URL(request.url).pathname) };",
    "python": "def app(environ, start_response):\n    start_response('200 OK', [])\n"
              "    return [f\"{environ['REQUEST_METHOD']} {environ['SCRIPT_NAME']}{environ['PATH_INFO']}\".encode()]\n",
    "ruby": "def call(env) = [200, {}, [\"#{env['REQUEST_METHOD']} #{env['SCRIPT_NAME']}#{env['PATH_INFO']}\"]]\n",
    "perl": "our $app = sub { my $env = shift; [200, [], [join '', $env->{REQUEST_METHOD}, ' ', @$env{qw(SCRIPT_NAME PATH_INFO)}]] };",
    "lua": "function handler(request) return request.method .. ' ' .. request.path end",
}


@pytest.mark.parametrize("language", PATHS)
def test_it_answers_at_all_paths_below_its_name_and_to_all_methods(server, language):
    name = f"below-{language}"
    assert put(server, name, PATHS[language], f"?language={language}").status == 201
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in (f"/{name}", f"/{name}/", f"/{name}/users/1"):
            answer = server.request(method, path)
            assert (answer.status, answer.text) == (200, f"{method} {path}"), answer.text
    assert server.get(f"/{name}x").problem == "unknown-function"
