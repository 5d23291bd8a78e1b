"""Typed functions: JSON in and out by their types, where they answer, what is refused, and what describes them."""

import json
import math
import random
import struct

import pytest

from conftest import GUESTS

TYPED = (GUESTS / "components/typed.wat").read_bytes()
ECHO = "/typed/echo"
CALC = "/typed/calc"


@pytest.fixture(scope="module")
def typed(binary, tmp_path_factory):
    from conftest import Server
    server = Server(binary, tmp_path_factory.mktemp("typed") / "data").start()
    made = server.deploy("typed", TYPED)
    assert made.status == 201 and made.json["kind"] == "typed", made.text
    yield server
    server.stop()


def call(server, path, body):
    """POSTs JSON: a text as it is, or a value."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return server.request("POST", path, text.encode() if isinstance(text, str) else text)


def refused(answer, status, slug):
    assert (answer.status, answer.problem) == (status, slug), answer.text
    return answer.json["detail"]


# --- Values ------------------------------------------------------------------------------------------------------

# Texts of JSON that come back as they went in.
VALUES = {
    "bool": ["true", "false"],
    "s8": ["-128", "127", "0"],
    "u8": ["0", "255"],
    "s16": ["-32768", "32767"],
    "u16": ["0", "65535"],
    "s32": ["-2147483648", "2147483647"],
    "u32": ["0", "4294967295"],
    "s64": ["-9223372036854775808", "9223372036854775807", "9007199254740993", "-9007199254740993"],
    "u64": ["0", "18446744073709551615", "9007199254740993"],
    "f32": ["0.1", "-0.0", "16777216.0", "3.4028235e+38", "1e-45", '"NaN"', '"Infinity"', '"-Infinity"'],
    "f64": ["0.1", "-0.0", "1.7976931348623157e+308", "5e-324", "123456789.12345679", '"NaN"', '"Infinity"',
            '"-Infinity"'],
    "char": ['"a"', '"€"', '"😀"', '"\\u0000"', '"\\""'],
    "string": ['""', '"a\\"b\\\\c\\n"', '"€ 😀 \\u0000"'],
    "colour-enum": ['"red"', '"blue"'],
    "access-flags": ["[]", '["read"]', '["read","write","run"]'],
    "maybe": ["null", "0", "7"],
    "bytes": ["[]", "[0,255,1]"],
    "numbers": ["[18446744073709551615,9007199254740993,0]"],
    "points": ['[{"x":1,"y":-2},{"x":0,"y":0}]'],
    "persons": ['[{"name":"Ada","age":36,"home":{"x":1,"y":2},"tags":["a","b"]},'
                '{"name":"","age":0,"home":null,"tags":[]}]'],
    "figures": ['[{"circle":1.5},{"square":{"x":3,"y":4}},"nothing"]'],
    "pairs": ['[["a",1],["b",18446744073709551615]]'],
    "nested": ['[null,{"some":null},{"some":7}]'],
    "results": ['[{"ok":1},{"err":"no"}]'],
    "outcomes": ['[{"ok":null},{"err":null}]'],
    "lists": ["[[[1,-1],[]],[]]"],
}


@pytest.mark.parametrize("function, value", [(name, value) for name, values in VALUES.items() for value in values])
def test_a_value_comes_back_as_it_went_in(typed, function, value):
    answer = call(typed, f"{ECHO}/{function}", f'{{"x":{value}}}')
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
    assert answer.text == value


@pytest.mark.parametrize("function, value, written", [
    ("u8", "7.0", "7"), ("u8", "7e0", "7"), ("s64", "-1e3", "-1000"), ("f32", "1", "1.0"), ("f64", "1", "1.0"),
    ("f64", "18446744073709551615", "1.8446744073709552e+19"), ("f32", "0.1000000001", "0.1"),
    ("string", '"\\u20ac\\ud83d\\ude00"', '"€😀"'), ("access-flags", '["run","read"]', '["read","run"]'),
    ("bytes", " [ 1 ,\n2 ] ", "[1,2]"), ("figures", '["nothing"]', '["nothing"]'),
    ("persons", '[{"tags":[],"age":1,"name":"a"}]', '[{"name":"a","age":1,"home":null,"tags":[]}]'),
])
def test_other_ways_to_write_a_value(typed, function, value, written):
    assert call(typed, f"{ECHO}/{function}", f'{{"x":{value}}}').text == written


def test_numbers_at_random(typed):
    dice = random.Random(7)
    whole = [dice.getrandbits(64) for _ in range(2000)]
    assert call(typed, f"{ECHO}/numbers", {"x": whole}).json == whole
    for _ in range(100):
        number = struct.unpack("<d", dice.randbytes(8))[0]
        if math.isfinite(number):
            assert call(typed, f"{ECHO}/f64", {"x": number}).json == number


def test_members_are_the_parameters(typed):
    assert call(typed, f"{ECHO}/point-record", '{"point":{"y":2,"x":1}}').text == '{"x":1,"y":2}'
    assert call(typed, f"{CALC}/add", {"b": 2, "a": 4294967295}).text == "1"
    assert call(typed, "/typed/greet", {"name": "Ada"}).text == '"Ada"'
    for empty in ("", "{}", " {\n} "):
        assert call(typed, f"{ECHO}/maybe", empty).text == "null", "an option may be left out"


def test_no_result_is_204(typed):
    for body in ("", "{}"):
        answer = call(typed, f"{CALC}/reset", body)
        assert (answer.status, answer.body) == (204, b"")
    assert call(typed, f"{CALC}/check", {"fine": True}).status == 204


def test_ok_is_the_value_and_err_a_problem_with_it(typed):
    assert call(typed, f"{CALC}/divide", {"a": 7, "b": -2}).text == "-3"
    answer = call(typed, f"{CALC}/divide", {"a": 7, "b": 0})
    refused(answer, 422, "function-error")
    assert answer.json["value"] == "division by zero" and answer.json["instance"] == answer.headers["X-Request-Id"]
    answer = call(typed, f"{CALC}/check", {"fine": False})
    refused(answer, 422, "function-error")
    assert answer.json["value"] is None


def test_an_async_function(typed):
    assert call(typed, f"{CALC}/later", {"x": 5}).text == "5"


# --- Refusals ----------------------------------------------------------------------------------------------------

MISMATCHES = [
    ("echo/u32", '{"x":-1}', "$.x: expected u32, found -1, which is not from 0 to 4294967295"),
    ("echo/u64", '{"x":18446744073709551616}', "$.x: expected u64, found the number 1.8446744073709552e19"),
    ("echo/s64", '{"x":-9223372036854775809}', "$.x: expected s64, found the number -9.223372036854776e18"),
    ("echo/s64", '{"x":9223372036854775808}', "$.x: expected s64, found 9223372036854775808, which is not from"),
    ("echo/u8", '{"x":1.5}', "$.x: expected u8, found the number 1.5"),
    ("echo/u8", '{"x":"1"}', '$.x: expected u8, found "1"'),
    ("echo/u8", '{"x":null}', "$.x: expected u8, found null"),
    ("echo/u8", '{"x":true}', "$.x: expected u8, found true"),
    ("echo/u8", '{"x":[]}', "$.x: expected u8, found an array"),
    ("echo/u8", '{"x":{}}', "$.x: expected u8, found an object"),
    ("echo/u8", '{"X":1}', '$: unknown member "X": there are `x`'),
    ("echo/u8", "{}", "$.x: expected u8, found nothing: the member is missing"),
    ("echo/u8", "", "$.x: expected u8, found nothing"),
    ("echo/u8", '{"x":1,"x":2}', "$.x: the member is given twice"),
    ("echo/u8", "[1]", "$: expected an object with a member for each parameter, found an array"),
    ("echo/u8", "1", "$: expected an object with a member for each parameter, found 1"),
    ("echo/bool", '{"x":1}', "$.x: expected bool, found 1"),
    ("echo/f32", '{"x":1e39}', "$.x: expected f32, found 1e39, which is too large"),
    ("echo/f64", '{"x":"nan"}', '$.x: expected f64, found "nan"'),
    ("echo/char", '{"x":"ab"}', '$.x: expected char, a string of one character, found "ab"'),
    ("echo/char", '{"x":""}', "$.x: expected char"),
    ("echo/string", '{"x":7}', "$.x: expected string, found 7"),
    ("echo/colour-enum", '{"x":"pink"}', '$.x: expected enum, one of `red`, `green`, `blue`, found "pink"'),
    ("echo/access-flags", '{"x":["read","fly"]}', '$.x[1]: expected one of `read`, `write`, `run`, found "fly"'),
    ("echo/access-flags", '{"x":["read","read"]}', "$.x[1]: `read` is given twice"),
    ("echo/maybe", '{"x":-1}', "$.x: expected u32, found -1"),
    ("echo/point-record", '{"point":{"x":1}}', "$.point.y: expected s32, found nothing: the member is missing"),
    ("echo/point-record", '{"point":{"x":1,"y":2,"z":3}}', '$.point: unknown member "z": there are `x`, `y`'),
    ("echo/persons", '{"x":[{"name":"a","age":1,"tags":["b",3]}]}', "$.x[0].tags[1]: expected string, found 3"),
    ("echo/figures", '{"x":["circle"]}', '$.x[0]: the case `circle` has a value: expected {"circle": f64}'),
    ("echo/figures", '{"x":[{"nothing":1}]}', "$.x[0].nothing: expected null, as it has no value"),
    ("echo/figures", '{"x":[{}]}', "$.x[0]: expected variant, one of `circle`, `square`, `nothing`, found an empty object"),
    ("echo/figures", '{"x":[{"circle":1,"square":null}]}', '$.x[0]: expected one member, found "circle" and "square"'),
    ("echo/figures", '{"x":[{"oval":1}]}', '$.x[0]: expected one of `circle`, `square`, `nothing`, found "oval"'),
    ("echo/pairs", '{"x":[["a"]]}', "$.x[0]: expected tuple, an array of 2, found 1 items"),
    ("echo/pairs", '{"x":[["a",1,2]]}', "$.x[0]: expected tuple, an array of 2, found more than 2 items"),
    ("echo/nested", '{"x":[7]}', "$.x[0]: expected option, null or an object with `some`, found 7"),
    ("echo/results", '{"x":[{"no":1}]}', '$.x[0]: expected `ok` or `err`, found "no"'),
    ("echo/results", '{"x":[{"ok":"a"}]}', '$.x[0].ok: expected u32, found "a"'),
    ("echo/lists", '{"x":[[[1],[200]]]}', "$.x[0][1][0]: expected s8, found 200, which is not from -128 to 127"),
    ("echo/bytes", json.dumps({"x": [0] * 300_000}), "more than 262144 values in one request"),
    ("calc/reset", '{"x":1}', '$: unknown member "x": there are none'),
]


@pytest.mark.parametrize("path, body, said", MISMATCHES, ids=range(len(MISMATCHES)))
def test_the_first_mismatch_is_named_with_its_place(typed, path, body, said):
    assert said in refused(call(typed, f"/typed/{path}", body), 422, "bad-argument")


@pytest.mark.parametrize("body", ["{", '{"x":1', '{"x":01}', '{"x":1}}', "nul", '{"x":1e999}', b'{"x":"\xff"}',
                                  '{"x":"\\ud800"}', "[" * 200, '{"x":' + "[" * 100_000, "{'x':1}", '{"x":NaN}'])
def test_what_is_not_json(typed, body):
    for function in ("string", "f64", "lists"):
        answer = call(typed, f"{ECHO}/{function}", body)
        assert (answer.status, answer.problem) in ((400, "bad-json"), (422, "bad-argument")), answer.text
    assert call(typed, f"{ECHO}/f64", '{"x":1').problem == "bad-json"


def test_bodies_at_random_are_answered(typed):
    dice = random.Random(11)
    texts = [f'{{"x":{value}}}' for values in VALUES.values() for value in values]
    functions = list(VALUES)
    for _ in range(600):
        text = bytearray(dice.choice(texts).encode())
        for _ in range(dice.randrange(4)):
            text[dice.randrange(len(text))] = dice.choice(b'{}[]",:0129-+.eEtfn\\u \xff')
        answer = call(typed, f"{ECHO}/{dice.choice(functions)}", bytes(text))
        assert answer.status == 200 or answer.problem in ("bad-json", "bad-argument"), (text, answer.text)


def test_a_function_that_fails(typed):
    refused(call(typed, f"{CALC}/crash", ""), 500, "trap")
    assert "char" in refused(call(typed, f"{CALC}/no-char", ""), 500, "trap")
    assert "MiB" in refused(call(typed, f"{CALC}/zeros", {"count": 10_000_000}), 500, "response-too-large")
    assert call(typed, f"{CALC}/zeros", {"count": 1000}).json == [0] * 1000


def test_limits_of_a_typed_function(server):
    server.deploy("typed", TYPED, "?cpu=30ms&response=100B&request=200B")
    refused(call(server, f"{CALC}/spin", ""), 504, "too-slow")
    assert call(server, f"{CALC}/zeros", {"count": 49}).status == 200
    refused(call(server, f"{CALC}/zeros", {"count": 50}), 500, "response-too-large")
    assert call(server, "/typed/greet", {"name": "x" * 98}).status == 200
    refused(call(server, "/typed/greet", {"name": "x" * 99}), 500, "response-too-large")
    refused(call(server, "/typed/greet", {"name": "x" * 200}), 413, "body-too-large")


# --- Paths -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["calc/add", "test:types/calc@1.0.0/add", "test%3Atypes%2Fcalc%401.0.0/add",
                                  "test:types/calc/add", "calc%2Fadd", "c%61lc/add"])
def test_the_ways_to_name_a_function(typed, path):
    assert call(typed, f"/typed/{path}", {"a": 1, "b": 2}).text == "3"


@pytest.mark.parametrize("path", ["", "/", "/add", "/calc", "/calc/", "/calc/add/", "/calc//add", "/Calc/add",
                                  "/calc/nothing", "/test:types/calc@1.0.1/add", "/%zz"])
def test_another_path_lists_what_there_is(typed, path):
    said = refused(call(typed, f"/typed{path}", ""), 404, "not-found")
    assert "POST /typed/echo/bool, " in said and "GET /typed/openapi.json" in said and " more, " in said


def test_other_methods(typed):
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = typed.request(method, f"{CALC}/add")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer = typed.request("POST", "/typed/openapi.json")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert typed.request("HEAD", f"{CALC}/add").status == 405


def test_a_short_name_that_two_interfaces_have_is_neither(server):
    interface = '(instance (export "f" (func (result u8))))'
    text = f"""(component
      (core module $m (func (export "one") (result i32) (i32.const 1)) (func (export "two") (result i32) (i32.const 2)))
      (core instance $i (instantiate $m))
      (func $one (result u8) (canon lift (core func $i "one"))) (func $two (result u8) (canon lift (core func $i "two")))
      (instance $a (export "f" (func $one))) (instance $b (export "f" (func $two)))
      (export "a:a/i@1.0.0" (instance $a)) (export "b:b/i@1.0.0" (instance $b)) (export "g" (func $two)))"""
    assert server.deploy("f", text.encode()).status == 201, interface
    said = refused(call(server, "/f/i/f", ""), 404, "not-found")
    assert "POST /f/a:a/i/f, POST /f/b:b/i/f, POST /f/g, GET /f/openapi.json" in said
    assert [call(server, path, "").text for path in ("/f/a:a/i/f", "/f/b:b/i@1.0.0/f", "/f/g")] == ["1", "2", "2"]
    assert list(server.get("/f/openapi.json").json["paths"]) == ["/a:a/i/f", "/b:b/i/f", "/g"]


# --- Deploys -----------------------------------------------------------------------------------------------------


def function_of(type_text, before="", result=""):
    return f"""(component {before}
      (core module $m (memory (export "m") 1) (func (export "f") (param i32) {"(result i32) (i32.const 0)" if result else ""})
        (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $i (instantiate $m))
      (func $f (param "p" {type_text}) {result} (canon lift (core func $i "f")))
      (instance $e (export "f" (func $f)))
      (export "a:b/c@1.0.0" (instance $e)))"""


@pytest.mark.parametrize("type_text, before, named", [
    ("(own $r)", '(import "r" (type $r (sub resource)))', None),
    ("$s", "(type $s (stream u8))", "its parameter `p` has a stream"),
    ("$s", "(type $s (future u8))", "its parameter `p` has a future"),
])
def test_a_type_that_json_cannot_carry_is_refused(server, type_text, before, named):
    answer = server.deploy("f", function_of(type_text, before).encode())
    if named is None:
        assert answer.problem == "unknown-import"
        return
    assert named in refused(answer, 422, "unsupported-type") and "`c/f`" in answer.json["detail"], answer.text


def test_a_resource_is_refused(server):
    text = """(component
      (core module $m (func (export "f") (result i32) (i32.const 1)))
      (core instance $i (instantiate $m))
      (type $r' (resource (rep i32)))
      (export $r "thing" (type $r'))
      (func $f (result (own $r')) (canon lift (core func $i "f")))
      (export "make" (func $f) (func (result (own $r)))))"""
    said = refused(server.deploy("f", text.encode()), 422, "unsupported-type")
    assert "the function `make` cannot be called with JSON: its result has a resource" in said


def test_types_without_end(server):
    """Each type has the one before twice: a document of them all would have no end."""
    doubled = "(type $t0 (tuple u8 u8))" + "".join(f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, 17))
    answer = server.deploy("f", function_of("$t16", doubled).replace('(core func $i "f")',
                           '(core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "r"))').encode())
    assert "has more than the 20000 types" in refused(answer, 422, "unsupported-type")


def test_exec_of_another_type_is_a_function(server):
    text = """(component
      (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
      (core instance $i (instantiate $m))
      (func (export "exec") (param "x" u8) (result u8) (canon lift (core func $i "f"))))"""
    assert server.deploy("f", text.encode()).json["kind"] == "typed"
    assert call(server, "/f/exec", {"x": 5}).text == "5"


def test_a_typed_function_survives_a_restart_and_lives_in_a_folder(make_server, tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "local.wat").write_bytes(TYPED)
    server = make_server("--dir", str(folder))
    server.deploy("typed", TYPED)
    server.stop()
    server.start()
    assert server.get("/typed/openapi.json").json["servers"] == [{"url": "/typed"}], "not loaded yet"
    assert call(server, "/local/calc/add", {"a": 1, "b": 2}).text == "3"
    assert call(server, "/local", "").problem == "not-found"


def test_it_runs_in_a_sandbox_like_any_other(typed):
    call(typed, f"{CALC}/add", {"a": 1, "b": 2})
    assert typed.sandboxes() == 0
    assert call(typed, f"{CALC}/add", {"a": 1, "b": 2}).headers["X-Request-Id"]
    assert 'function="typed"' in typed.get("/_mayfly/metrics").text
