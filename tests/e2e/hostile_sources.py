"""Functions from source that do what they should not, and what is to come of each: for test_source_hostile.py."""

def js(body):
    return f"export async function handler(request) {{\n{body}\n}}\n"


def python(body):
    return "def handler(request):\n    " + body.replace("\n", "\n    ") + "\n"


def ruby(body):
    return f"def handler(request)\n{body}\nend\n"


def php(body):
    return f"<?php\n{body}\n"


def lua(body):
    return f"function handler(request)\n{body}\nend\n"


def perl(body):
    return f"use strict;\nsub handler {{ my ($request) = @_;\n{body}\n}}\n"


def go(body, *imports, before=""):
    imported = "".join(f'import "{name}"\n' for name in ("mayfly", *imports))
    return f"package main\n{imported}{before}\nfunc handler(request *mayfly.Request) any {{\n{body}\n}}\n"


def prolog(body):
    return f"handler(Request, Response) :-\n  {body}.\n"


def c(body):
    return f"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) {{\n{body}\n}}\n"


GOOD = {
    "js": js("return 'good';"),
    "ts": "export function handler(request: Request): string {\n  return 'good';\n}\n",
    "python": python("return 'good'"),
    "ruby": ruby("'good'"),
    "php": "<?php\necho 'good';",
    "lua": lua("return 'good'"),
    "perl": perl("return 'good';"),
    "go": go('return "good"'),
    "prolog": prolog("Response = good"),
    "c": c('printf("good");'),
}
COMMENT = {"js": "//", "ts": "//", "python": "#", "ruby": "#", "php": "<?php //", "lua": "--", "perl": "#", "go": "//", "prolog": "%", "c": "//"}

# What a request is answered with: the problem, and something that its detail says. By name of a case, then by language.
REQUESTS = {
    "returns a function": {
        "js": ("exception", "TypeError: The handler returned a function", js("return () => 1;")),
        "ts": ("exception", "TypeError: The handler returned a function", js("return () => 1;")),
        "python": ("exception", "TypeError: a handler returns str", python("return lambda: 1")),
        "ruby": ("exception", "TypeError: a handler returns String", ruby("-> { 1 }")),
        "lua": ("exception", "not a thread", lua("return coroutine.create(function() end)")),
        "perl": ("exception", "not GLOB", perl("return \\*STDOUT;")),
        "go": ("exception", "unsupported type: func()", go("return func() {}")),
        "prolog": ("exception", "not a variable", prolog("Response = _")),
    },
    "returns an object that is no response": {
        "js": ("exception", "TypeError: cannot convert symbol", js("return new Response(Symbol('x'));")),
        "python": ("exception", "not object", python("return object()")),
        "ruby": ("exception", "not Object", ruby("Object.new")),
        "lua": ("exception", "not a thread", lua("return { status = 200, body = coroutine.create(function() end) }")),
        "perl": ("exception", "not Regexp", perl("return qr/x/;")),
        "go": ("exception", "unsupported type: chan int", go("return make(chan int)")),
        "prolog": ("exception", "not foo(1,bar)", prolog("Response = foo(1, bar)")),
        "php": ("exception", "could not be converted to string", php("echo new stdClass;")),
    },
    "returns a circle": {
        "js": ("exception", "circular reference", js("const a = {}; a.a = a; return a;")),
        "ts": ("exception", "circular reference", js("const a: any = {}; a.a = a; return a;")),
        "python": ("exception", "ValueError: Circular reference", python("d = {}\nd['d'] = d\nreturn d")),
        "ruby": ("exception", "JSON::NestingError", ruby("h = {}; h[:h] = [h]; h")),
        "lua": ("exception", "reference cycle", lua("local t = {}; t.t = t; return t")),
        "perl": ("exception", "maximum nesting level", perl("my $h = {}; $h->{h} = $h; return $h;")),
        "go": ("exception", "encountered a cycle", go("t := &T{}; t.Next = t; return t", before="type T struct{ Next *T }\n")),
        "prolog": ("exception", "or is circular", prolog("X = [a=X], Response = json(X)")),
        "php": ("exception", "Uncaught JsonException: Recursion", php("$a = []; $a['a'] = &$a; echo json_encode($a, JSON_THROW_ON_ERROR);")),
    },
    "a status of 99": {
        "js": ("exception", "RangeError: Response: status 99", js("return new Response('x', { status: 99 });")),
        "ts": ("exception", "RangeError: Response: status 99", js("return new Response('x', { status: 99 });")),
        "python": ("exception", "ValueError: 99 is not the status", python("return 'x', 99")),
        "ruby": ("exception", "ArgumentError: 99 is not the status", ruby("Mayfly::Response.new('x', status: 99)")),
        "lua": ("exception", "99 is not the status", lua("return 'x', 99")),
        "perl": ("exception", '"99" is not the status', perl("return Mayfly::Response->new('x', status => 99);")),
        "go": ("exception", "99 is not the status", go("return &mayfly.Response{Status: 99}")),
        "prolog": ("exception", "99 is not the status", prolog("Response = response(99, [], x)")),
        "php": ("bad-cgi-headers", "`99` is not a status", php("http_response_code(99); echo 'x';")),
        "c": ("bad-cgi-headers", "`99` is not a status", c('printf("Status: 99\\n\\nx");')),
    },
    "a status of abc": {
        "js": ("exception", "status abc", js("return new Response('x', { status: 'abc' });")),
        "python": ("exception", "TypeError: a tuple is a response", python("return 'x', 'abc'")),
        "ruby": ("exception", '"abc" is not the status', ruby("Mayfly::Response.new('x', status: 'abc')")),
        "lua": ("exception", "abc is not the status", lua("return 'x', 'abc'")),
        "perl": ("exception", '"abc" is not the status', perl("return Mayfly::Response->new('x', status => 'abc');")),
        "prolog": ("exception", "the status is no integer", prolog("Response = response(abc, [], x)")),
        "php": ("bad-cgi-headers", "`abc` is not a status", php("header('Status: abc'); echo 'x';")),
        "c": ("bad-cgi-headers", "`abc` is not a status", c('printf("Status: abc\\n\\nx");')),
    },
    "a status beyond 32 bits": {
        "js": ("exception", "RangeError", js("return new Response('x', { status: 4294967496 });")),
        "python": ("exception", "OverflowError", python("return 'x', 4294967496")),
        "ruby": ("exception", "is not the status", ruby("Mayfly::Response.new('x', status: 4294967496)")),
        "lua": ("exception", "is not the status", lua("return 'x', 4294967496")),
        "perl": ("exception", "is not the status", perl("return Mayfly::Response->new('x', status => 4294967496);")),
        "go": ("exception", "is not the status", go("return &mayfly.Response{Status: 4294967496 % (1 << 40) * 1000}")),
        "prolog": ("exception", "is not the status", prolog("Response = response(4294967496, [], x)")),
        "php": ("exception", "must be of type int, float given", php("http_response_code(4294967496); echo 'x';")),
        "c": ("bad-cgi-headers", "is not a status", c('printf("Status: 4294967496\\n\\nx");')),
    },
    "a header with a line break": {
        "js": ("exception", "TypeError: Header value", js("return new Response('x', { headers: { a: 'b\\r\\nSet-Cookie: evil=1' } });")),
        "python": ("exception", "is not a header", python("return 'x', 200, {'a': 'b\\r\\nSet-Cookie: evil=1'}")),
        "ruby": ("exception", "is not a header", ruby("Mayfly::Response.new('x', headers: {'a' => \"b\\r\\nSet-Cookie: evil=1\"})")),
        "lua": ("exception", "is not a header", lua("return 'x', 200, { a = 'b\\r\\nSet-Cookie: evil=1' }")),
        "perl": ("exception", "is not a header", perl("return Mayfly::Response->new('x', headers => {a => \"b\\r\\nSet-Cookie: evil=1\"});")),
        "go": ("exception", "is not a header", go('return &mayfly.Response{Status: 200, Headers: map[string]string{"a": "b\\r\\nSet-Cookie: evil=1"}}')),
        "prolog": ("exception", "is not a header", prolog("Response = response(200, [a='b\\r\\nSet-Cookie: evil=1'], x)")),
    },
    "the name of a header with a line break": {
        "js": ("exception", "TypeError: Header name", js("return new Response('x', { headers: { 'a b\\n': 'c' } });")),
        "python": ("exception", "is not a header", python("return 'x', 200, {'a b\\n': 'c'}")),
        "ruby": ("exception", "is not a header", ruby("Mayfly::Response.new('x', headers: {\"a b\\n\" => 'c'})")),
        "lua": ("exception", "is not a header", lua("return 'x', 200, { ['a b\\n'] = 'c' }")),
        "perl": ("exception", "is not a header", perl("return Mayfly::Response->new('x', headers => {\"a b\\n\" => 'c'});")),
        "go": ("exception", "is not a header", go('return &mayfly.Response{Status: 200, Headers: map[string]string{"a b\\n": "c"}}')),
        "prolog": ("exception", "is not a header", prolog("Response = response(200, ['a b\\n'=c], x)")),
    },
    "an endless loop": {
        "js": ("too-slow", "300 ms", js("for (;;);")),
        "ts": ("too-slow", "300 ms", js("for (;;);")),
        "python": ("too-slow", "300 ms", python("while True: pass")),
        "ruby": ("too-slow", "300 ms", ruby("loop {}")),
        "php": ("too-slow", "300 ms", php("while (true);")),
        "lua": ("too-slow", "300 ms", lua("while true do end")),
        "perl": ("too-slow", "300 ms", perl("1 while 1;")),
        "go": ("too-slow", "300 ms", go("for {}\nreturn nil")),
        "prolog": ("too-slow", "300 ms", prolog("repeat, fail")),
        "c": ("too-slow", "300 ms", c("for (;;);")),
    },
    "an endless match": {
        "js": ("too-slow", "300 ms", js("return /^(a+)+$/.test('a'.repeat(40) + 'b');")),
        "python": ("too-slow", "300 ms", python("import re\nreturn bool(re.match('^(a+)+$', 'a' * 40 + 'b'))")),
        "ruby": ("too-slow", "300 ms", ruby("/^(a|a)*\\1$/.match?('a' * 40 + 'b')")),
        "lua": ("too-slow", "300 ms", lua("return string.find(string.rep('a', 3000), string.rep('a*', 30) .. 'b')")),
    },
    "a memory bomb": {
        "js": ("exception", "InternalError: out of memory", js("const a = []; for (;;) a.push(new Uint8Array(1 << 20));")),
        "ts": ("exception", "InternalError: out of memory", js("const a = []; for (;;) a.push(new Uint8Array(1 << 20));")),
        "python": ("exception", "MemoryError", python("a = []\nwhile True: a.append(bytearray(1 << 20))")),
        "ruby": ("exception", "NoMemoryError", ruby("a = []; loop { a << ('x' * (1 << 20)) }")),
        "php": ("out-of-memory", "128 MiB", php("$a = []; while (true) $a[] = str_repeat('x', 1 << 20);")),
        "lua": ("exception", "not enough memory", lua("local a = {}; while true do a[#a + 1] = string.rep('x', 1 << 20) .. #a end")),
        "perl": ("out-of-memory", "128 MiB", perl("my @a; push @a, 'x' x (1 << 20) while 1;")),
        "go": ("out-of-memory", "128 MiB", go("var a [][]byte\nfor { a = append(a, make([]byte, 1<<20)) }\nreturn nil")),
        "prolog": ("out-of-memory", "128 MiB", "grow(L) :- grow([L, L|L]).\nhandler(_, _) :- grow([]).\n"),
        "c": ("out-of-memory", "128 MiB", c('for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); }')),
    },
    "a single piece of memory that is too large": {
        "js": ("exception", "InternalError: out of memory", js("return 'x'.repeat(1 << 29).length + 'y'.repeat(1 << 29).length;")),
        "python": ("exception", "MemoryError", python("return len(bytes(1 << 30))")),
        "ruby": ("exception", "NoMemoryError", ruby("('x' * (1 << 30)).size")),
        "php": ("exception", "Allowed memory size of", php("echo strlen(str_repeat('x', 1 << 30));")),
        "lua": ("exception", "not enough memory", lua("return #string.rep('x', 1 << 30)")),
        "perl": ("out-of-memory", "128 MiB", perl("my $n = 1 << 30; my $x = 'x' x $n; return length $x;")),
        "go": ("out-of-memory", "128 MiB", go("return len(make([]byte, 1<<30))")),
        "prolog": ("out-of-memory", "128 MiB", prolog("length(L, 100000000), Response = L")),
    },
    "calls without an end": {
        "js": ("exception", "RangeError: Maximum call stack", js("const f = (n) => f(n + 1) + 1; return f(0);")),
        "ts": ("exception", "RangeError: Maximum call stack", js("const f = (n) => f(n + 1) + 1; return f(0);")),
        "python": ("exception", "RecursionError", python("f = lambda n: f(n + 1) + 1\nreturn f(0)")),
        "ruby": ("exception", "SystemStackError", "def f(n) = f(n + 1) + 1\n" + ruby("f(0)")),
        "php": ("out-of-memory", "128 MiB", php("function f($n) { return f($n + 1) + 1; } echo f(0);")),
        "lua": ("exception", "stack overflow", lua("local function f(n) return f(n + 1) + 1 end return f(0)")),
        "perl": ("out-of-memory", "128 MiB", "no warnings; sub f { return f($_[0] + 1) + 1 }\n" + perl("return f(0);")),
        "go": ("trap", "call stack exhausted", go("return f(0)", before="func f(n int) int { return f(n+1) + 1 }\n")),
        "prolog": ("out-of-memory", "128 MiB", "f(N, M) :- N1 is N + 1, f(N1, M1), M is M1 + 1.\n" + prolog("f(0, Response)")),
    },
    "values inside of values": {
        "js": ("exception", "RangeError: Maximum call stack", js("let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a);")),
        "python": ("exception", "RecursionError", python("a = []\nfor i in range(100000): a = [a]\nreturn a")),
        "ruby": ("exception", "JSON::NestingError", ruby("a = []; 100000.times { a = [a] }; a")),
        "perl": ("exception", "maximum nesting level", perl("my $a = []; $a = [$a] for 1..100000; return $a;")),
        "go": ("trap", "call stack exhausted", go("var a []any\nfor i := 0; i < 100000; i++ { a = []any{a} }\nreturn a")),
    },
    "a body that is not JSON": {
        "js": ("exception", "SyntaxError: Unexpected end of JSON", js("return await request.json();")),
        "python": ("exception", "UnicodeDecodeError", python("return request.json()")),
        "ruby": ("exception", "JSON::ParserError", ruby("request.json")),
        "php": ("exception", "JsonException: Malformed UTF-8", php("echo json_encode(json_decode(file_get_contents('php://input'), flags: JSON_THROW_ON_ERROR));")),
        "lua": ("exception", "the body is not JSON", lua("return request:json()")),
        "perl": ("exception", "malformed UTF-8", perl("return $request->json;")),
        "go": ("exception", "unexpected end of JSON", go("var v any\nif err := request.JSON(&v); err != nil { return err }\nreturn v")),
        "prolog": ("exception", "syntax_error(json", prolog("member(body=B, Request), atom_json(B, T), Response = json(T)")),
    },
    "text in the response that has no UTF-8": {
        "python": ("exception", "UnicodeEncodeError", python("return '\\ud800'")),
        "ruby": ("exception", "JSON::GeneratorError", ruby("[\"\\xff\"]")),
        "php": ("exception", "JsonException: Malformed UTF-8", php("echo json_encode([\"\\xff\"], JSON_THROW_ON_ERROR);")),
    },
    "throws text": {
        "js": ("exception", "plain words", js("throw 'plain words';")),
        "ts": ("exception", "plain words", js("throw 'plain words';")),
        "python": ("exception", "exceptions must derive", python("raise 'plain words'")),
        "ruby": ("exception", 'uncaught throw "plain words"', ruby("throw 'plain words'")),
        "php": ("exception", "Uncaught Error: Can only throw objects in /main.php:2", php("throw 'plain words';")),
        "lua": ("exception", "plain words", lua("error('plain words', 0)")),
        "perl": ("exception", "main.pl:3: plain words", perl("die 'plain words';")),
        "go": ("exception", "plain words", go('panic("plain words")')),
        "prolog": ("exception", "uncaught in handler/2: plain words", prolog("throw('plain words')")),
    },
    "throws nothing": {
        "js": ("exception", "null", js("throw null;")),
        "ts": ("exception", "undefined", js("throw undefined;")),
        "python": ("exception", "exceptions must derive", python("raise None")),
        "ruby": ("exception", "exception class/object expected", ruby("raise nil")),
        "php": ("exception", "Can only throw objects", php("throw null;")),
        "lua": ("exception", "nil", lua("error(nil)")),
        "perl": ("exception", "Died", perl("die undef;")),
        "go": ("exception", "<nil>", go("panic(nil)")),
        "prolog": ("exception", "instantiation_error", prolog("throw(_)")),
    },
    "throws what is no exception": {
        "js": ("exception", '{"code":5}', js("throw { code: 5 };")),
        "python": ("exception", "BaseException: 5", python("raise BaseException(5)")),
        "ruby": ("exception", "done", ruby("throw :done")),
        "php": ("exception", "Uncaught Error: five", php("throw new Error('five', 5);")),
        "lua": ("exception", '{"code":5}', lua("error({ code = 5 })")),
        "perl": ("exception", '{"code":5}', perl("die { code => 5 };")),
        "go": ("exception", "{5}", go("panic(struct{ A int }{5})")),
        "prolog": ("exception", "t(5)", prolog("throw(t(5))")),
    },
    "an exception that cannot be shown": {
        "js": ("exception", "an exception that cannot be shown", js(
            "throw { toString() { throw new Error('no words'); }, get message() { throw 1; }, get stack() { throw 2; } };")),
        "ts": ("exception", "an exception that cannot be shown", js(
            "throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 }, ownKeys() { throw 3 }, has() { throw 4 } });")),
        "python": ("exception", "E: <exception str() failed>",
                   "class E(Exception):\n    def __str__(self): raise ValueError('no words')\n    __repr__ = __str__\n" + python("raise E()")),
        "ruby": ("exception", "E: its message cannot be told",
                 "class E < StandardError\n def message = raise('no words')\n def to_s = raise('no words')\n def full_message(**) = raise('no')\n"
                 " def backtrace = raise('no')\n def inspect = raise('no')\nend\n" + ruby("raise E")),
        "php": ("exception", "no words",
                php("class E extends Exception { function __toString(): string { throw new Exception('no words'); } } throw new E('x');")),
        "lua": ("exception", "no words", lua("error(setmetatable({}, { __tostring = function() error('no words') end }))")),
        "perl": ("exception", "E", "package E; use overload '\"\"' => sub { die 'no words' }, fallback => 0; package main;\n" + perl("die bless {}, 'E';")),
        "go": ("exception", "{}", go("panic(E{})", before='type E struct{}\nfunc (E) Error() string { panic("no words") }\n')),
    },
    "an exception whose message is no text": {
        "js": ("exception", "5", js("const e = new Error('x'); e.message = 5n; throw e;")),
        "python": ("exception", "E: <exception str() failed>", "class E(Exception):\n    def __str__(self): return 5\n" + python("raise E()")),
        "ruby": ("exception", "E: 5", "class E < StandardError\n def message = 5\n def to_s = nil\nend\n" + ruby("raise E")),
        "lua": ("exception", "5", lua("error(setmetatable({}, { __tostring = function() return '5' end }))")),
    },
    "a message of 10 MiB": {
        "js": ("exception", "Error: mmmm", js("throw new Error('m'.repeat(10 << 20));")),
        "ts": ("exception", "Error: mmmm", js("throw new Error('m'.repeat(10 << 20));")),
        "python": ("exception", "ValueError: mmmm", python("raise ValueError('m' * (10 << 20))")),
        "ruby": ("exception", "RuntimeError: mmmm", ruby("raise 'm' * (10 << 20)")),
        "php": ("exception", "Uncaught Exception: mmmm", php("throw new Exception(str_repeat('m', 10 << 20));")),
        "lua": ("exception", "main.lua:2: mmmm", lua("error(string.rep('m', 10 << 20))")),
        "perl": ("exception", "mmmm", perl("die 'm' x (10 << 20);")),
    },
    "a message that is no text": {
        "js": ("exception", "Error: a", js("throw new Error('a\\0b\\ud800\\r\\nX: y');")),
        "python": ("exception", "ValueError: a", python("raise ValueError('a\\0b\\ud800\\r\\nX: y')")),
        "ruby": ("exception", "RuntimeError: a", ruby("raise \"a\\0b\\xff\\r\\nX: y\"")),
        "php": ("exception", "Uncaught Exception: a", php("throw new Exception(\"a\\0b\\xff\\r\\nX: y\");")),
        "lua": ("exception", "main.lua:2: a", lua("error('a\\0b\\xff\\r\\nX: y')")),
        "perl": ("exception", "main.pl:3: a", perl('die "a\\0b\\xff\\r\\nX: y";')),
        "go": ("exception", "a", go('panic("a\\x00b\\xff\\r\\nX: y")')),
    },
    "causes of causes": {
        "js": ("exception", "Error: later 999", js("let e = new Error('first'); for (let i = 0; i < 1000; i++) e = new Error('later ' + i, { cause: e }); throw e;")),
        "ts": ("exception", "Error: round", js("const e: any = new Error('round'); e.cause = e; throw e;")),
        "python": ("exception", "ValueError: round", python("e = ValueError('round')\nf = ValueError('and')\ne.__cause__ = f\nf.__cause__ = e\nraise e")),
        "ruby": ("exception", "later 100", ruby("def again(n) = begin; raise 'first' if n == 0; again(n - 1); rescue; raise \"later #{n}\"; end\nagain(100)")),
        "php": ("exception", "Uncaught Exception: first", php("$e = new Exception('first'); for ($i = 0; $i < 1000; $i++) $e = new Exception(\"later $i\", 0, $e); throw $e;")),
    },
    "ends the program": {
        "js": ("exception", "process.exit(0) was called", js("process.exit(0);")),
        "ts": ("exception", "process.exit(3) was called", js("process.exit(3);")),
        "python": ("exception", "sys.exit(0)", python("import sys\nsys.exit(0)")),
        "ruby": ("exception", "SystemExit: exit(0)", ruby("exit")),
        "php": ("exit-code", "code 3", php("exit(3);")),
        "lua": ("exception", "os.exit(0) was called", lua("os.exit(0)")),
        "perl": ("exception", "exit(0)", perl("exit 0;")),
        "go": ("exception", "os.Exit(0)", go("os.Exit(0)\nreturn nil", "os")),
        "prolog": ("exception", "halt(0) was called", prolog("halt")),
        "c": ("exit-code", "code 3", c("exit(3);")),
    },
    "ends the process": {
        "python": ("no-response", "ended before it answered", python("import os\nos._exit(0)")),
        "ruby": ("exit-code", "code 1", ruby("exit!")),
        "perl": ("exception", "POSIX::_exit", perl("require POSIX; POSIX::_exit(0);")),
        "go": ("exception", "last words", go('log.Fatal("last words")\nreturn nil', "log")),
        "c": ("trap", "unreachable", c("abort();")),
    },
    "a signal": {
        "ruby": ("exception", "SignalException: SIGTERM", ruby("Process.kill(:TERM, Process.pid); 'survived'")),
        "perl": ("exception", "Unrecognized signal", perl("kill 'TERM', $$; return 'survived';")),
        "python": ("trap", "unreachable", python("import signal\nsignal.raise_signal(signal.SIGTERM)")),
    },
    "waits for nothing": {
        "js": ("exception", "never settles", js("await new Promise(() => {});")),
        "ts": ("exception", "never settles", js("return { then() { } };")),
        "python": ("exception", "nothing in this function will do", "import asyncio\nasync def handler(request):\n    await asyncio.get_running_loop().create_future()\n"),
        "ruby": ("exception", "Deadlock", ruby("Thread::Queue.new.pop")),
        "lua": ("exception", "outside a coroutine", lua("coroutine.yield('x')")),
        "go": ("trap", "unreachable", go("<-make(chan int)\nreturn nil")),
        "prolog": ("exception", "handler/2 fails", prolog("fail")),
    },
    "a stream that fails": {
        "js": ("exception", "Error: mid", js("return new Response(new ReadableStream({ pull(c) { throw new Error('mid') } }));")),
        "python": ("exit-code", "code 1", python("def g():\n    yield 'a'\n    raise ValueError('mid')\nreturn g()")),
        "ruby": ("exit-code", "code 1", ruby("Enumerator.new { |y| y << 'a'; raise 'mid' }")),
        "lua": ("exit-code", "code 1", lua("local n = 0; return function() n = n + 1; if n == 2 then error('mid') end return 'a' end")),
        "perl": ("exit-code", "code 1", perl("my $n = 0; return sub { die 'mid' if $n++; return 'a' };")),
    },
}

# What a deploy is refused with: what the first line begins with, and something that it says.
DEPLOYS = {
    "a syntax error": {
        "js": ("main.js:2:", "SyntaxError", "export function handler() {\n  return 1 +;\n}"),
        "ts": ("main.ts:3:", "Unexpected token", "const a: number = 1;\nexport function handler() {\n  return 1 +;\n}"),
        "python": ("main.py:2:", "SyntaxError: invalid syntax", "def handler(request):\n  return 1 +\n"),
        "ruby": ("main.rb:3:", "SyntaxError", "def handler(request)\n  1 +\nend\n"),
        "php": ("main.php:2:", "Parse error: syntax error", "<?php\nfunction {\n"),
        "lua": ("main.lua:3:", "unexpected symbol near 'end'", "function handler(r)\n  return 1 +\nend\n"),
        "perl": ("main.pl:2:", "syntax error", "sub handler {\n  return 1 +;\n}\n"),
        "go": ("main.go:4:1:", "expected operand", "package main\nfunc handler() any {\n  return 1 +\n}\n"),
        "prolog": ("main.pro:2:", "unexpected token", "handler(R, X) :-\n  X = 1 +.\n"),
        "c": ("main.c:2:", "error", "int main(void) {\n  return 1 +;\n}\n"),
    },
    "no handler": {
        "js": ("main.js:1:1:", "There is no handler", "export const x = 1\n"),
        "ts": ("main.ts:1:1:", "There is no handler", "export const x: number = 1\n"),
        "python": ("main.py:1:1:", "there is no handler", "x = 1\n"),
        "ruby": ("main.rb:1:", "there is no handler", "X = 1\n"),
        "lua": ("main.lua:1:", "there is no handler", "x = 1\n"),
        "perl": ("main.pl:1:", "there is no handler", "my $x = 1;\n"),
        "go": ("main.go:1:1:", "there is no handler", "package main\nvar x = 1\n"),
        "prolog": ("main.pro:1:", "there is no handler", "x(1).\n"),
        "c": ("main.c:1:", "main", "int x;\n"),
    },
    "a handler that is no function": {
        "js": ("main.js:1:1:", "There is no handler", "export const handler = 5\n"),
        "python": ("main.py:1:1:", "there is no handler", "handler = 5\n"),
        "ruby": ("main.rb:1:", "there is no handler", "handler = 5\n"),
        "lua": ("main.lua:1:", "there is no handler", "handler = 5\n"),
        "perl": ("main.pl:1:", "there is no handler", "our $handler = 5;\n"),
        "prolog": ("main.pro:1:", "there is no handler", "handler(1).\n"),
    },
    "nothing at all": {
        "js": ("main.js:1:1:", "There is no handler", ""),
        "ts": ("main.ts:1:1:", "There is no handler", ""),
        "python": ("main.py:1:1:", "there is no handler", ""),
        "ruby": ("main.rb:1:", "there is no handler", ""),
        "lua": ("main.lua:1:", "there is no handler", ""),
        "perl": ("main.pl:1:", "there is no handler", ""),
        "go": ("main.go:1:1:", "expected 'package'", ""),
        "prolog": ("main.pro:1:", "there is no handler", ""),
        "c": ("main.c:1:", "main", ""),
    },
    "an error at the top level": {
        "js": ("main.js:1:", "TypeError", "null.x;\n"),
        "ts": ("main.ts:1:", "TypeError", "(null as any).x;\n"),
        "python": ("main.py:1:", "AttributeError", "None.x\n"),
        "ruby": ("main.rb:1:", "NoMethodError", "nil.x\n"),
        "lua": ("main.lua:1:", "attempt to index a nil value", "local a = nil; a.x = 1\n"),
        "perl": ("main.pl:1:", "at top", "die 'at top';\n"),
        "go": ("main.go:2:", "", "package main\nvar a = *(*int)(nil)\nfunc handler() any { return a }\n"),
        "prolog": ("main.pro:1:", "type_error", ":- X is foo + 1.\nhandler(_, x).\n"),
    },
    "an exception at the top level that cannot be shown": {
        "python": ("main.py:4:", "<exception str() failed>", "class E(Exception):\n    def __str__(self): raise ValueError('no words')\n    __repr__ = __str__\nraise E()\n"),
        "ruby": ("main.rb:1:", "its message cannot be told",
                 "class E < StandardError\n def message = raise('no words')\n def to_s = raise('no words')\n def full_message(**) = raise('no')\n"
                 " def backtrace = raise('no')\nend\nraise E\n"),
        "lua": ("main.lua:1:", "no words", "error(setmetatable({}, { __tostring = function() error('no words') end }))\n"),
        "perl": ("main.pl:1:", "E", "package E; use overload '\"\"' => sub { die 'no words' }; package main; die bless {}, 'E';\n"),
        "go": ("main.go:4:", "{}", 'package main\ntype E struct{}\nfunc (E) Error() string { panic("no words") }\nfunc init() { panic(E{}) }\nfunc handler() any { return 1 }\n'),
    },
    "a message of 10 MiB at the top level": {
        "js": ("main.js:1:", "Error: mmmm", "throw new Error('m'.repeat(10 << 20))"),
        "python": ("main.py:1:", "ValueError: mmmm", "raise ValueError('m' * (10 << 20))\n"),
        "ruby": ("main.rb:1:", "RuntimeError: mmmm", "raise 'm' * (10 << 20)\n"),
        "lua": ("main.lua:1:", "mmmm", "error(string.rep('m', 10 << 20))\n"),
        "perl": ("main.pl:1:", "mmmm", "die 'm' x (10 << 20);\n"),
    },
    "an end of the program at the top level": {
        "js": ("main.js:1:", "process.exit(0)", "process.exit(0)"),
        "ts": ("main.ts:1:", "process.exit(0)", "process.exit(0)"),
        "python": ("main.py:1:", "SystemExit: 0", "import sys; sys.exit(0)\n"),
        "ruby": ("main.rb:1:", "SystemExit: exit(0)", "exit\n"),
        "lua": ("main.lua:1:", "os.exit(0) was called", "os.exit(0)\n"),
        "perl": ("main.pl:1:", "exit(0)", "exit 0;\n"),
        "go": ("main.go:3:", "os.Exit(0)", 'package main\nimport "os"\nfunc init() { os.Exit(0) }\nfunc handler() any { return 1 }\n'),
        "prolog": ("main.pro:1:", "halt(0) was called", ":- halt.\n"),
    },
    "an end of the process at the top level": {
        "python": ("it ended the program while it was loaded", "", "import os; os._exit(0)\n"),
        "ruby": ("while it was loaded", "code 1", "exit!\n"),
    },
    "an endless loop at the top level": {
        "js": ("while it was loaded", "300 ms", "for (;;);"),
        "ts": ("while it was loaded", "300 ms", "for (;;);"),
        "python": ("while it was loaded", "300 ms", "while True: pass\n"),
        "ruby": ("while it was loaded", "300 ms", "loop {}\n"),
        "lua": ("while it was loaded", "300 ms", "while true do end\n"),
        "perl": ("while it was loaded", "300 ms", "1 while 1;\n"),
        "go": ("while it was loaded", "300 ms", "package main\nfunc init() { for {} }\nfunc handler() any { return 1 }\n"),
        "prolog": ("while it was loaded", "300 ms", ":- repeat, fail.\n"),
    },
    "a memory bomb at the top level": {
        "js": ("main.js:1:", "InternalError: out of memory", "const a = []; for (;;) a.push(new Uint8Array(1 << 20));"),
        "ts": ("main.ts:1:", "InternalError: out of memory", "const a = []; for (;;) a.push(new Uint8Array(1 << 20));"),
        "python": ("main.py:2:", "MemoryError", "a = []\nwhile True: a.append(bytearray(1 << 20))\n"),
        "ruby": ("main.rb:1:", "NoMemoryError", "a = []; loop { a << ('x' * (1 << 20)) }\n"),
        "lua": ("", "not enough memory", "local a = {}; while true do a[#a + 1] = string.rep('x', 1 << 20) .. #a end\n"),
        "perl": ("while it was loaded", "128 MiB", "my @a; push @a, 'x' x (1 << 20) while 1;\n"),
        "go": ("while it was loaded", "128 MiB", "package main\nfunc init() { var a [][]byte; for { a = append(a, make([]byte, 1<<20)) } }\nfunc handler() any { return 1 }\n"),
        "prolog": ("while it was loaded", "128 MiB", ":- length(L, 100000000), atom_length(L, _).\n"),
    },
    "calls without an end at the top level": {
        "js": ("main.js:1:", "RangeError", "const f = (n) => f(n + 1) + 1; f(0);"),
        "ts": ("main.ts:1:", "RangeError", "const f = (n: number): number => f(n + 1) + 1; f(0);"),
        "python": ("main.py:1:", "RecursionError", "f = lambda n: f(n + 1) + 1\nf(0)\n"),
        "ruby": ("main.rb:1:", "SystemStackError", "def f(n) = f(n + 1) + 1\nf(0)\n"),
        "lua": ("main.lua:1:", "stack overflow", "local function f(n) return f(n + 1) + 1 end f(0)\n"),
        "perl": ("while it was loaded", "128 MiB", "no warnings; sub f { return f($_[0] + 1) + 1 }\nf(0);\n"),
        "go": ("while it was loaded", "call stack exhausted", "package main\nfunc f(n int) int { return f(n+1) + 1 }\nvar x = f(0)\nfunc handler() any { return x }\n"),
    },
    "invalid UTF-8 in the source": {
        "python": ("main.py:1:", "unicode error", b"def handler(r): return '\xff\xfe'\n"),
        "ruby": ("main.rb:1:", "invalid multibyte character", b"def handler(r) = '\xff\xfe'\n"),
        "go": ("main.go:2:", "illegal UTF-8", b'package main\nfunc handler() any { return "\xff\xfe" }\n'),
        "prolog": ("main.pro:1:", "unexpected token", b"handler(_, '\xff\xfe').\n"),
    },
    "NUL bytes in the source": {
        "js": ("main.js:", "unexpected token", GOOD["js"] + "\0\n"),
        "ts": ("main.ts:", "Unexpected character", GOOD["ts"] + "\0\n"),
        "python": ("main.py:1:1:", "null bytes", GOOD["python"] + "\0\n"),
        "php": ("main.php:2:", "unexpected character 0x00", GOOD["php"] + "\0\n"),
        "lua": ("main.lua:4:", "unexpected symbol", GOOD["lua"] + "\0\n"),
        "go": ("main.go:", "illegal character NUL", GOOD["go"] + "\0\n"),
        "prolog": ("main.pro:3:", "unexpected token", GOOD["prolog"] + "\0\n"),
    },
}

# Sources that look strange, and are right.
UNUSUAL = {
    "a byte order mark": {name: b"\xef\xbb\xbf" + source.encode() for name, source in GOOD.items() if name != "php"},
    "lines that end with CR LF": {name: source.replace("\n", "\r\n").encode() for name, source in GOOD.items()},
    "a MiB of comments": {
        name: (source + "\n" + (COMMENT[name] + " " + "x" * 77 + "\n") * 13200).encode() for name, source in GOOD.items() if name != "php"},
    "a line of a MiB": {name: f"{source}\n{COMMENT[name]}{'x' * (1 << 20)}\n".encode() for name, source in GOOD.items() if name != "php"},
}  # fmt: skip

# 10 000 of each, one in the other. A parser says no, or can.
DEEP = 10_000


def nested(opening, closing):
    inner = opening * DEEP + ("1" if opening == "(" else "") + closing * DEEP
    return {
        "js": f"const x = {inner};\n" + GOOD["js"],
        "ts": f"const x = {inner};\n" + GOOD["ts"],
        "python": f"x = {inner}\n" + GOOD["python"],
        "ruby": f"x = {inner}\n" + GOOD["ruby"],
        "php": f"<?php $x = {inner}; echo 'good';",
        "lua": f"x = {inner.replace('[', '{').replace(']', '}')}\n" + GOOD["lua"],
        "perl": f"my $x = {inner};\n" + GOOD["perl"],
        "go": GOOD["go"] + f"var x = {inner.replace('[', '[]int{').replace(']', '}')}\n",
        "prolog": f"x({inner}).\n" + GOOD["prolog"],
        "c": f"int x = {inner.replace('[', '{').replace(']', '}')};\n" + GOOD["c"],
    }


NESTED = {"parentheses": nested("(", ")"), "brackets": nested("[", "]"), "open parentheses": nested("(", "")}
