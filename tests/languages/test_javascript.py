"""Functions in JavaScript, without the server: each case runs from an image, as there."""

import hashlib
import json
import shutil

import pytest
from conftest import CACHE, HERE, make_once
from image_host import Image, InitializeFailed, Upstream
from js_cases import CASES, REFUSED


@pytest.fixture(scope="session")
def module(languages):
    return languages / "js/js.wasm"


@pytest.fixture
def load(module, tmp_path):
    """A function of some files: load({"main.js": source}), or of one: load(source)."""

    def load_files(files, entry="main.js", **options):
        for name, text in ({entry: files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Image(module, tmp_path, f"/{entry}", **options)

    return load_files


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_answers(load, case):
    image = load(case["source"], name=case.get("function", "function"), environment=case.get("environment"))
    response = image.serve(**case.get("request", {}))
    assert response.status == case.get("status", 200), response.log + response.text
    if "text" in case:
        assert response.text == case["text"]
    if "body" in case:
        assert response.body == case["body"]
    if "json" in case:
        assert json.loads(response.text) == case["json"]
    for name, value in case.get("headers", {}).items():
        assert response.header(name) == value, response.fields
    for text in case.get("log", []):
        assert text in response.log
    if "log" not in case and case.get("status", 200) != 0:
        assert response.log == ""
    assert image.opened_while_serving == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_refuses_at_the_deploy(load, case):
    with pytest.raises(InitializeFailed) as failure:
        load(case["source"])
    assert failure.value.code == 1
    assert failure.value.log.splitlines()[0].startswith(case["first"])
    for text in case.get("log", []):
        assert text in failure.value.log


# --- Requests, one after another ----------------------------------------------------------------------------------

COUNTER = "let n = 0; export function handler() { setTimeout(() => console.log('late'), 5); return `${++n}`; }"


def test_a_fresh_sandbox_begins_from_the_image(load):
    image = load(COUNTER)
    assert [image.serve().text for _ in range(2)] == ["1", "1"]


def test_a_sandbox_that_is_reused_goes_on(load):
    image = load(COUNTER)
    assert [image.serve(reuse=True).text for _ in range(3)] == ["1", "2", "3"]
    assert image.serve(reuse=True).log == ""  # timers of the request before are gone


def test_chance_differs_between_requests_of_an_image(load):
    image = load("export const handler = () => `${Math.random()} ${crypto.randomUUID()}`")
    answers = [word for _ in range(3) for word in image.serve().text.split()]
    assert len(set(answers)) == 6


def test_the_environment_is_that_of_the_request(load):
    image = load("const at = Object.keys(process.env); export default { fetch: (r, env) => `${at} ${env.KEY} ${process.env.KEY}` }")
    image.environment = {"KEY": "now"}
    assert image.serve().text == " now now"


def test_time_goes_on(load):
    image = load("const then = Date.now(); export const handler = () => [then, Date.now(), performance.now()]")
    then, now, since = json.loads(image.serve().text)
    assert now >= then and since >= 0


def test_heads_of_any_size(load):
    image = load("export default { fetch: (r) => new Response(r.headers.get('big').length, { headers: { big: r.headers.get('big') } }) }")
    for size in (10, 900, 1100, 60_000, 5):
        response = image.serve(headers={"big": "x" * size}, reuse=True)
        assert (response.text, len(response.header("big"))) == (str(size), size)


def test_bodies_of_any_size(load):
    image = load("export default { fetch: async (r) => new Response(await r.bytes()) }")
    for size in (0, 1, 511, 512, 513, 70_000, 5_000_000):
        assert image.serve(method="POST", body=b"\xc3" * size, reuse=True).body == b"\xc3" * size


def test_memory_does_not_grow_with_requests(load):
    image = load("export default { async fetch(r) { return Response.json({ a: [...await r.text()].length, u: new URL(r.url).href }); } }")
    sizes = []
    for _ in range(3):
        for _ in range(400):
            image.serve(method="POST", body="x" * 2000, reuse=True)
        sizes.append(image.memory.data_len(image.store))
    assert sizes[2] == sizes[1]


def test_a_hello_writes_to_few_pages(load):
    image = load('export default { async fetch(request) { return new Response("Hello"); } }')
    assert image.serve().text == "Hello"
    assert len(image.dirty_pages()) <= 8


# --- What is sent when ---------------------------------------------------------------------------------------------


def test_a_stream_is_sent_part_by_part(load):
    image = load("""
        export function handler() {
          let n = 0;
          return new Response(new ReadableStream({
            async pull(controller) {
              await new Promise((resolve) => setTimeout(resolve, 20));
              if (++n > 3) controller.close();
              else controller.enqueue(new TextEncoder().encode(`part ${n};`));
            },
          }));
        }""")
    response = image.serve()
    assert response.text == "part 1;part 2;part 3;"
    assert [write for write in response.writes if write.startswith(b"part")] == [b"part 2;", b"part 3;"]
    assert len(image.sleeps) == 4


def test_a_stream_that_fails_before_its_first_part_is_an_error(load):
    image = load("export const handler = () => new Response(new ReadableStream({ pull() { throw new Error('early'); } }))")
    response = image.serve()
    assert (response.status, response.text) == (0, "Error: early")


def test_a_stream_that_fails_later_is_cut(load):
    image = load("""
        export const handler = () => new Response(new ReadableStream({
          start(controller) { controller.enqueue("begun"); },
          pull() { throw new Error("late"); },
        }, { highWaterMark: 0 }))""")
    response = image.serve()
    assert (response.status, response.text) == (200, "begun")
    assert "Error: late" in response.log and "[proc_exit(1)]" in response.log


def test_the_request_body_is_read_in_parts(load):
    image = load("""
        export default { async fetch(request) {
          let parts = 0, size = 0;
          for await (const part of request.body) { ++parts; size += part.length; }
          return `${parts} ${size}`;
        } }""")
    assert image.serve(method="POST", body=b"x" * 150_000).text == "3 150000"


# --- Requests of the function's own ----------------------------------------------------------------------------------


def test_fetch_goes_through_the_gate(load):
    asked = []

    def upstream(*request):
        asked.append(request)
        return Upstream(201, {"content-type": "application/json", "x-up": "1"}, b'{"a":[1]}')

    image = load("""
        export default { async fetch(request) {
          const response = await fetch("http://up.example/p?q#hash", { method: "POST", body: "text", headers: { "X-A": "b" } });
          return Response.json([response.status, response.ok, response.headers.get("x-up"), await response.json(), response.url]);
        } }""", upstream=upstream)
    assert json.loads(image.serve().text) == [201, True, "1", {"a": [1]}, "http://up.example/p?q"]
    assert asked == [("http://up.example/p?q", "POST", "x-a:b\ncontent-type:text/plain;charset=UTF-8\n", b"text")]
    assert image.responses == {}


def test_a_response_of_fetch_is_handed_on(load):
    image = load("export default { fetch: () => fetch('http://up.example/') }", upstream=lambda *_: Upstream(404, {"x-up": "1"}, b"x" * 100_000))
    response = image.serve()
    assert (response.status, len(response.body), response.header("x-up")) == (404, 100_000, "1")


def test_fetch_that_is_not_allowed_rejects(load):
    image = load("export const handler = () => fetch('http://up.example/').catch((e) => `${e.name}: ${e.message}`)")
    assert image.serve().text == "TypeError: fetch failed: the function is not allowed to connect there"


# --- Modules ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def npm():
    """node_modules with what npm/package.json names."""
    wanted = (HERE / "npm/package-lock.json").read_bytes()
    folder = CACHE / f"test-npm-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if not folder.exists():
        make_once(folder, "sh", "-c", f"cp {HERE}/npm/*.json . && npm ci --ignore-scripts --no-audit --no-fund --loglevel error")
    return folder / "node_modules"


def test_files_of_a_bundle_import_each_other(load):
    image = load({
        "main.js": """
            import one, { two } from "./lib/one.js";
            import data from "./data.json" with { type: "json" };
            import * as folder from "./lib";
            import common, { named } from "./common.cjs";
            export const handler = () => [one, two, data, folder.name, common.named, named, import.meta.url];""",
        "lib/one.js": 'export { two } from "../two.mjs"; export default 1;',
        "lib/index.js": 'export const name = "index";',
        "two.mjs": "export const two = await Promise.resolve(2);",
        "data.json": '{"a": [true]}',
        "common.cjs": 'const path = require("node:path"); exports.named = path.join("a", "../b") + require("./data").a;',
    })
    assert json.loads(image.serve().text) == [1, 2, {"a": [True]}, "index", "btrue", "btrue", "file:///main.js"]


def test_packages_are_found_as_node_finds_them(load):
    image = load({
        "main.js": """
            import exported from "exported"; import sub from "exported/features/x.js"; import main from "main-only";
            import scoped from "@scope/name/file"; import "#internal";
            export const handler = () => [exported, sub, main, scoped, globalThis.internal];""",
        "package.json": '{"name": "app", "imports": {"#internal": "./internal.js"}}',
        "internal.js": "globalThis.internal = 'internal';",
        "node_modules/exported/package.json": '{"exports": {".": {"require": "./no.cjs", "import": "./yes.mjs"}, "./features/*.js": "./src/*.mjs"}}',
        "node_modules/exported/yes.mjs": "export default 'import';",
        "node_modules/exported/src/x.mjs": "export default 'pattern';",
        "node_modules/main-only/package.json": '{"main": "lib/main"}',
        "node_modules/main-only/lib/main.js": "module.exports = 'main';",
        "node_modules/@scope/name/file.js": "export default 'scoped';",
    })
    assert json.loads(image.serve().text) == ["import", "pattern", "main", "scoped", "internal"]


def test_commonjs_modules_may_require_each_other_in_circles(load):
    image = load({
        "main.js": 'const a = require("./a"); module.exports = () => [a.done, a.b.done, a.b.seen];',
        "a.js": 'exports.done = false; exports.b = require("./b"); exports.done = true;',
        "b.js": 'exports.seen = require("./a").done; exports.done = true;',
    })
    assert json.loads(image.serve().text) == [True, True, False]


@pytest.mark.parametrize(("source", "message"), [
    ('import x from "missing";', "Cannot find package 'missing' from main.js"),
    ('import "./missing.js";', "Cannot find module './missing.js' from main.js"),
    ('import "mayfly:native";', "Cannot find package 'mayfly:native'"),
    ('import fs from "node:fs";', "Cannot find package 'node:fs'"),
    ('import { nothing } from "./other.js";', "nothing"),
])
def test_what_cannot_be_imported_is_named(load, source, message):
    with pytest.raises(InitializeFailed, match=rf"^\w+.js:\d+:\d+: \w+: .*{message}"):
        load({"main.js": f"\n{source}\nexport const handler = () => 1;", "other.js": "export const a = 1;"})


def test_an_error_in_another_file_says_where(load):
    with pytest.raises(InitializeFailed) as failure:
        load({"main.js": 'import "./lib/bad.js"; export const handler = () => 1;', "lib/bad.js": "const a = 1;\nconst b = );\n"})
    assert failure.value.log.splitlines()[:3] == ["lib/bad.js:2:11: SyntaxError: unexpected token in expression: ')'", "const b = );", "          ^"]


def test_what_was_not_loaded_at_the_deploy_cannot_be_imported_later(load):
    image = load({"main.js": "export const handler = () => import('./other.js').then((m) => m.a)", "other.js": "export const a = 1;"})
    response = image.serve()
    assert response.status == 0 and "only what was loaded at the deploy can be imported" in response.text
    image = load({"main.js": "await import('./other.js'); export const handler = () => import('./other.js').then((m) => m.a)"})
    assert image.serve().text == "1"


def packages(load, npm, tmp_path, source):
    shutil.copytree(npm, tmp_path / "node_modules")
    return load(source)


def test_packages_of_npm(load, npm, tmp_path):
    image = packages(load, npm, tmp_path, """
        import Mustache from "mustache";
        import Handlebars from "handlebars";
        import { marked } from "marked";
        import { Validator } from "@cfworker/json-schema";
        const greet = Handlebars.compile("Hi {{#each names}}{{this}}, {{/each}}");
        const validator = new Validator({ type: "object", required: ["a"], properties: { a: { type: "number" } } });
        export const handler = () => [
          Mustache.render("Hello {{name}}{{#list}} {{.}}{{/list}}", { name: "<you>", list: [1, 2] }),
          greet({ names: ["a", "b"] }),
          marked.parse("# Title\\n\\n*text* `code`"),
          validator.validate({ a: 1 }).valid, validator.validate({ a: "x" }).valid,
        ];""")
    assert json.loads(image.serve().text) == [
        "Hello &lt;you&gt; 1 2", "Hi a, b, ", "<h1>Title</h1>\n<p><em>text</em> <code>code</code></p>\n", True, False]


def test_an_application_of_hono(load, npm, tmp_path):
    image = packages(load, npm, tmp_path, """
        import { Hono } from "hono";
        const app = new Hono().basePath("/app");
        app.get("/users/:id", (c) => c.json({ id: c.req.param("id"), q: c.req.query("q") }));
        app.post("/echo", async (c) => c.text(await c.req.text(), 201, { "X-A": "b" }));
        export default app;""")
    assert json.loads(image.serve(url="http://h/app/users/7?q=x").text) == {"id": "7", "q": "x"}
    response = image.serve(method="POST", url="http://h/app/echo", body="text")
    assert (response.status, response.text, response.header("x-a")) == (201, "text", "b")
    assert image.serve(url="http://h/app/none").status == 404
