"""TypeScript, without the server: the translator is a function of JavaScript, and what it makes runs as one."""

import pytest
from image_host import Image


@pytest.fixture(scope="session")
def translator(languages):
    return Image(languages / "js/js.wasm", languages / "ts", "/translate.js")


@pytest.fixture
def load(languages, translator, tmp_path):
    """A function of some files, each translated under its own name."""

    def load_files(files, entry="main.ts"):
        for name, text in files.items():
            response = translator.serve("POST", f"http://translate/{name}", body=text)
            assert response.status == 200, response.text
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(response.text)
        return Image(languages / "js/js.wasm", tmp_path, f"/{entry}")

    return load_files


def test_types_are_removed_and_lines_stay(translator):
    source = """import type { A } from "./a.ts";
import { type B, b } from "./b";
interface C { x: number }
enum Color { Red = 1, Green }
abstract class D<T> implements C { constructor(public x: number, private readonly y?: T) {} abstract f(): void; declare z: string; }
export const one = (<C>{ x: 1 }) satisfies C as unknown as C;
export function handler(this: void, request: Request): string { return `${b!.x}${Color.Green}`; }
"""
    response = translator.serve("POST", "http://translate/main.ts", body=source)
    lines = response.text.split("\n")
    assert len(lines) == len(source.split("\n"))
    assert lines[1].split() == 'import { b } from "./b";'.split() and "a.ts" not in lines[0]
    assert "handler" in lines[6] and "Request" not in lines[6]


def test_files_import_each_other_by_any_of_their_names(load):
    image = load({
        "main.ts": """import { a } from "./a"; import { b } from "./b.ts"; import c from "./c.js"; import type { T } from "./types";
                      const all: T[] = [a, b, c]; export default { fetch: (r: Request): Response => new Response(all.join()) };""",
        "a.ts": "export const a: string = 'a';",
        "b.ts": "export const b = 'b' as const;",
        "c.ts": "enum C { X = 'c' } export default C.X;",
    })
    assert image.serve().text == "a,b,c"


def test_jsx(load):
    image = load({
        "main.tsx": "const el = <p class={`x`}>hi {1 as number}</p>; export const handler = () => el;",
        "node_modules/react/jsx-runtime.js": "exports.jsx = exports.jsxs = (tag, props) => [tag, props];",
    }, "main.tsx")
    assert image.serve().text == '["p",{"class":"x","children":["hi ",1]}]'


def test_what_is_wrong_says_where(translator):
    response = translator.serve("POST", "http://translate/lib/a%20b.ts", body="const a = 1;\nlet x: = 3;\n")
    assert (response.status, response.text) == (0, "lib/a b.ts:2:8: Unexpected token")


def test_an_exception_names_the_line_of_the_source(load):
    image = load({"main.ts": "type A = {\n  a: 1\n};\nexport function handler(): never {\n  throw new Error('x');\n}"})
    response = image.serve()
    assert response.status == 0 and response.log.startswith("main.ts:5:13: Error: x\n")
