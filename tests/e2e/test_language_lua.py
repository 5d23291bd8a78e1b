"""Functions in Lua."""

import json

import pytest
from languages import debian_package, files_of, fixture

lua = fixture("lua", ".lua")

SEEN = """
function handler(request)
  return { method = request.method, path = request.path, url = request.url, query = request.query, client = request.client,
    name = request.name, agent = request.headers["user-agent"], missing = request.headers.none == nil, twice = request.headers["X-Two"],
    value = request:json(), text = request.body }
end
"""


@pytest.mark.parametrize(
    ("source", "status", "content_type", "body"),
    [
        ("function handler(request) return 'héllo' end", 200, "text/plain; charset=utf-8", "héllo".encode()),
        (r"function handler() return '\0\255' end", 200, "application/octet-stream", b"\0\xff"),
        ("function handler() return { a = { 1, 2, json.null } } end", 200, "application/json", b'{"a":[1,2,null]}'),
        ("function handler() return {} end", 200, "application/json", b"[]"),
        ("function handler() return 1.5 end", 200, "application/json", b"1.5"),
        ("function handler() end", 204, None, b""),
        ("function handler() return 'made', 201 end", 201, "text/plain; charset=utf-8", b"made"),
        ("function handler() return { status = 404, body = '<p>', headers = { ['Content-Type'] = 'text/html' } } end", 404, "text/html", b"<p>"),
        ("function handler() return { status = 'ok' } end", 200, "application/json", b'{"status":"ok"}'),
        ("function handler() return { 1 }, 418, { ['content-type'] = 'a/b' } end", 418, "a/b", b"[1]"),
        ("function handler() return coroutine.wrap(function() for i = 1, 3 do coroutine.yield('part ' .. i .. ';') end end) end",
         200, "text/plain; charset=utf-8", b"part 1;part 2;part 3;"),
        ("local M = {}\nfunction M.handler(request) return request.method end\nreturn M", 200, "text/plain; charset=utf-8", b"GET"),
        ("return function(ctx) ctx:json({ name = ctx:request():getParam('name') == 'x', q = ctx.request().getParam('q') }) end",
         200, "application/json", {"name": False, "q": "1"}),
        ("function handler(ctx) ctx.response().setStatusCode(201).putHeader('X-A', 'b')['end']('done') end", 201, "text/plain; charset=utf-8", b"done"),
        ("function exec(input) return json.encode({ input = json.decode(input or '') or false }) end", 200, "application/json", {"input": False}),
        ("function handler() return tostring(pcall(error, 'x')) .. tostring(select('#', string.find('a', '(a)'))) end", 200, None, b"false3"),
    ],
)  # fmt: skip
def test_what_a_handler_returns_is_the_response(lua, source, status, content_type, body):
    answer = lua.call(source, "?q=1")
    assert answer.status == status, answer.text
    assert content_type is None or answer.headers["Content-Type"] == content_type
    assert (answer.json if isinstance(body, dict) else answer.body) == body


def test_what_a_handler_sees_of_the_request(lua):
    name = lua.function(SEEN)
    answer = lua.server.request("POST", f"/{name}?x=1&y=%C3%A9+z&flag", b'{"deep":[1,{"a":null}]}',
                                {"User-Agent": "test", "X-Two": "1, 2"})
    assert answer.status == 200, answer.text
    seen = answer.json
    assert seen["path"] == f"/{name}" and seen["method"] == "POST" and seen["name"] == name
    assert seen["query"] == {"x": "1", "y": "é z", "flag": ""}
    assert seen["agent"] == "test" and seen["twice"] == "1, 2" and seen["missing"] is True and seen["client"] == "127.0.0.1"
    assert seen["value"] == {"deep": [1, {"a": None}]} and json.loads(seen["text"]) == seen["value"]


def test_headers_go_out_as_often_as_they_are_given(lua):
    answer = lua.call("function handler() return 'x', 200, { ['Set-Cookie'] = { 'a=1', 'b=2' } } end")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_exec_gets_the_body(lua):
    answer = lua.call("function exec(input) return '{\"got\":\"' .. input .. '\"}' end", method="POST", body=b"me")
    assert answer.json == {"got": "me"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("local x = \nfunction", "main.lua:2: '(' expected near <eof>"),
        ("local t = nil\nlocal y = t.field", "main.lua:2: attempt to index a nil value (local 't')"),
        ("require('absent')", "main.lua:1: module 'absent' not found:"),
        ("require('broken')", "broken.lua:2: unexpected symbol near ')'"),
        ("local x = 1", "main.lua:1: there is no handler: mayfly looks for handler(request), handler(ctx), a function as the value of "
         "the file, or exec(input)"),
        ("error({ code = 7 })", 'main.lua:1: {"code":7}'),
        ("local function f() return f() + 1 end\nf()", "main.lua:1: stack overflow"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_says_where_and_why(lua, source, line):
    assert lua.refusal(source, files={"broken.lua": "local x\n)"}).splitlines()[0].startswith(line)


def test_the_trace_of_what_is_wrong_follows(lua):
    lines = lua.refusal("require('other')", files={"other.lua": "local function f()\n  error('not today')\nend\nf()\n"}).splitlines()
    assert lines[0] == "other.lua:2: not today" and lines[1] == "stack traceback:"
    assert any("main.lua:1: in main chunk" in line for line in lines) and "mayfly" not in "".join(lines), lines


def test_a_loop_without_an_end_is_ended(lua):
    assert "while it was loaded" in lua.refusal("while true do end", query="?cpu=300ms")


def test_an_error_in_the_handler_is_told_and_traced(lua):
    name = lua.function("local function inner(x) return x.y.z end\nfunction handler(request)\n  return inner({}) .. ''\nend")
    answer = lua.server.get(f"/{name}")
    assert answer.status == 500
    assert "main.lua:1: attempt to index a nil value (field 'y')" in answer.json["detail"]
    lua.server.wait_for_log(function=name, line="main.lua:1: attempt to index a nil value (field 'y')")
    assert any("main.lua:3: in function 'handler'" in line for line in lua.log_of(name))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("function handler() return 'x', 20 end", "20 is not the status of a response"),
        ("function handler() return 'x', 200, { ['a b'] = 'c' } end", '"a b": "c" is not a header'),
        ("function handler() return 'x', 200, { a = 'b\\r\\nc: d' } end", "is not a header"),
        ("function handler() return coroutine.create(print) end", "not a thread"),
        ("function exec() return 1 end", "exec() returns a string, not a number"),
        ("function handler(request) return request:json() end", "the body is not JSON"),
    ],
)
def test_what_is_no_response_is_refused(lua, source, message):
    assert message in lua.failure(source)


def test_nothing_of_a_request_is_in_the_next(lua):
    lua.check_that_nothing_stays("count = 0\nfunction handler() count = count + 1 return { count, math.random(0) } end")


def test_what_is_printed_goes_to_the_log(lua):
    name = lua.function("print('at load')\nfunction handler() print('a', 1) io.write('b\\n') io.stdout:write('c\\n') io.stderr:write('d\\n') return 'e' end")
    answer = lua.server.get(f"/{name}")
    assert answer.body == b"e"
    lua.server.wait_for_log(function=name, line="d")
    assert lua.log_of(name) == ["at load", "a\t1", "b", "c", "d"]


def test_the_environment_is_that_of_the_request(lua):
    assert lua.call("local early = os.getenv('A')\nfunction handler() return tostring(early) .. os.getenv('A') end", query="?env=A=b").body == b"nilb"


def test_files_of_a_bundle_are_modules_and_can_be_read(lua):
    answer = lua.call(
        "local greet = require('lib.greet')\nfunction handler() return greet.hello(io.open('/data.txt'):read('a')) end",
        files={"lib/greet.lua": "return { hello = function(name) return 'hello ' .. name end }", "data.txt": "file"},
    )
    assert answer.body == b"hello file"


def test_a_package_for_lua_works(lua):
    penlight = debian_package("lua-penlight") / "usr/share/lua/5.4"
    source = """
local template, List, pretty, stringx = require('pl.template'), require('pl.List'), require('pl.pretty'), require('pl.stringx')
function handler(request)
  local items = List({ 3, 1, 2 }):sort():map(function(x) return x * 2 end)
  local page = template.substitute('# for i, x in ipairs(items) do\\n<li>$(x)</li>\\n# end\\n', { items = items, ipairs = ipairs })
  return page .. tostring(items) .. stringx.join('-', stringx.split('a b c')) .. pretty.write({ 1 }, '')
end
"""
    answer = lua.call(source, files=files_of(penlight))
    assert answer.body == b"<li>2</li>\n<li>4</li>\n<li>6</li>\n{2,4,6}a-b-c{1}", answer.text


def test_a_request_of_its_own_goes_where_it_is_allowed(lua):
    other = lua.function("function handler(request) return { got = request.body, x = request.headers['x-a'], m = request.method }, 202 end")
    source = f"""
function handler(request)
  local answer, why = http.request({{ url = '{lua.server.url}/{other}', headers = {{ ['X-A'] = 'b' }}, json = {{ 1, 2 }} }})
  if not answer then return why, 502 end
  return {{ answer.status, answer.headers['Content-Type'], answer:json() }}
end"""
    answer = lua.call(source, query=f"?allow=http={lua.server.url}")
    assert answer.json == [202, "application/json", {"got": "[1,2]", "x": "b", "m": "POST"}]
    refused = lua.call(source)
    assert refused.status == 502 and "not allowed" in refused.text
