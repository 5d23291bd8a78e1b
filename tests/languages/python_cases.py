"""Functions in Python, a request to each, and what is answered: (name, source, request, expected).

`request` are the arguments of python_harness.request_frame; `expected` has some of status, body, json, headers, log.
"""

CASES = [
    # --- handler(request): what it may return
    ("text", "def handler(request): return 'héllo'", {}, {"body": "héllo".encode(), "type": "text/plain; charset=utf-8"}),
    ("bytes", "def handler(request): return b'\\0\\xff'", {}, {"body": b"\0\xff", "type": "application/octet-stream"}),
    ("dict", "def handler(request): return {'é': [1, None]}", {}, {"body": '{"é":[1,null]}'.encode(), "type": "application/json"}),
    ("list", "def handler(request): return []", {}, {"body": b"[]", "type": "application/json"}),
    ("number", "def handler(request): return 1.5", {}, {"body": b"1.5", "type": "application/json"}),
    ("nothing", "def handler(request): pass", {}, {"status": 204, "body": b""}),
    ("status", "def handler(request): return 'made', 201", {}, {"status": 201, "body": b"made"}),
    (
        "status-and-headers",
        "def handler(request): return {'a': 1}, 418, {'X-Tea': 'green', 'content-type': 'application/tea+json'}",
        {},
        {"status": 418, "json": {"a": 1}, "headers": {"x-tea": "green"}, "type": "application/tea+json"},
    ),
    ("headers-only", "def handler(request): return '<p>', {'content-type': 'text/html'}", {}, {"body": b"<p>", "type": "text/html"}),
    (
        "response",
        "from mayfly import Response\ndef handler(request):\n    return Response('hi', 202, [('set-cookie', 'a=1'), ('set-cookie', 'b=2')])",
        {},
        {"status": 202, "body": b"hi", "all": [("set-cookie", "a=1"), ("set-cookie", "b=2")]},
    ),
    ("response-of-json", "import mayfly\ndef handler(request): return mayfly.Response.json('x', 400)", {}, {"status": 400, "json": "x"}),
    ("generator", "def handler(request):\n    yield 'a'\n    yield 'é'", {}, {"body": "aé".encode(), "type": "text/plain; charset=utf-8"}),
    (
        "response-of-generator",
        "from mayfly import Response\ndef handler(request): return Response((b'x' for _ in range(3)), headers={'content-type': 'a/b'})",
        {},
        {"body": b"xxx", "type": "a/b"},
    ),
    ("no-parameter", "def handler(): return 'ok'", {}, {"body": b"ok"}),
    ("object-with-call", "class H:\n    def __call__(self, request): return 'called'\nhandler = H()", {}, {"body": b"called"}),
    ("lambda", "handler = lambda request: request.method", {"method": "PUT"}, {"body": b"PUT"}),
    # --- handler(request): what it sees
    (
        "request",
        """
def handler(request):
    return {
        "method": request.method, "path": request.path, "url": request.url, "query": request.query, "all": request.query_all,
        "host": request.headers["HOST"], "missing": request.headers.get("x"), "twice": request.headers["x-two"],
        "client": request.client, "function": request.function, "text": request.text, "json": request.json(), "in": "Host" in request.headers,
    }
""",
        {
            "method": "POST",
            "url": "http://example.com/f/a%20b?x=1&x=2&y=%C3%A9&z",
            "headers": [("host", "example.com"), ("X-Two", "1"), ("x-two", "2")],
            "body": b'{"a":1}',
            "client": "192.0.2.1",
        },
        {
            "json": {
                "method": "POST",
                "path": "/f/a b",
                "url": "http://example.com/f/a%20b?x=1&x=2&y=%C3%A9&z",
                "query": {"x": "2", "y": "é", "z": ""},
                "all": [["x", "1"], ["x", "2"], ["y", "é"], ["z", ""]],
                "host": "example.com",
                "missing": None,
                "twice": "1, 2",
                "client": "192.0.2.1",
                "function": "f",
                "text": '{"a":1}',
                "json": {"a": 1},
                "in": True,
            }
        },
    ),
    ("no-path", "def handler(request): return [request.path, request.query]", {"url": "http://h?a=1"}, {"json": ["/", {"a": "1"}]}),
    ("large-body", "def handler(request): return str(len(request.body))", {"method": "POST", "body": b"x" * 3_000_000}, {"body": b"3000000"}),
    # --- async
    (
        "async",
        "import asyncio\nasync def handler(request):\n    a, b = await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.sleep(0, 2))\n    return [a, b]",
        {},
        {"json": [1, 2]},
    ),
    ("async-generator", "async def handler(request):\n    yield 'a'\n    yield 'b'", {}, {"body": b"ab"}),
    (
        "await-for-ever",
        "import asyncio\nasync def handler(request):\n    await asyncio.Event().wait()",
        {},
        {"status": 0, "body_has": "RuntimeError: an await waits for something that nothing in this function will do"},
    ),
    # --- handler(ctx)
    (
        "last-expression",
        "def greet(ctx):\n    ctx.json({'msg': 'Hello from ' + ctx.request().getParam('name')})\n\ngreet",
        {"function": "python-handler"},
        {"body": b'{"msg":"Hello from python-handler"}', "type": "application/json"},
    ),
    ("last-lambda", "lambda ctx: ctx.response().end('hi')", {}, {"body": b"hi", "type": "text/plain; charset=utf-8"}),
    (
        "ctx",
        """
def handler(ctx):
    request = ctx.request()
    text = ' '.join([request.method(), request.path(), request.getHeader('X-A'), request.getParam('q'), ctx.body().asString()])
    ctx.response().setStatusCode(203).putHeader('content-type', 'text/x').write('>').end(text)
""",
        {"method": "POST", "url": "http://h/p?q=1", "headers": [("x-a", "b")], "body": b"body"},
        {"status": 203, "body": b">POST /p b 1 body", "type": "text/x"},
    ),
    ("ctx-end", "def handler(ctx): ctx.end('bye')", {}, {"body": b"bye"}),
    ("ctx-returns", "def handler(ctx): return {'a': 1}", {}, {"json": {"a": 1}}),
    # --- exec(input)
    ("exec", "def exec(input): return input.upper()", {"body": '{"é":1}'.encode()}, {"body": '{"É":1}'.encode(), "type": "application/json"}),
    ("exec-of-other-type", "def exec(input): return 1", {}, {"status": 0, "body_has": "TypeError: exec() returns str, not int"}),
    # --- WSGI
    (
        "wsgi",
        """
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    keys = ('REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'SERVER_NAME',
            'SERVER_PORT', 'SERVER_PROTOCOL', 'REMOTE_ADDR', 'HTTP_X_A', 'HTTP_COOKIE', 'wsgi.url_scheme', 'wsgi.version')
    return [repr([environ[key] for key in keys]).encode(), environ['wsgi.input'].read(2), environ['wsgi.input'].read()]
""",
        {
            "method": "POST",
            "url": "http://h.example:81/f/%C3%A9/x?a=b%20c",
            "headers": [("content-type", "a/b"), ("content-length", "4"), ("x-a", "1"), ("X-A", "2"), ("cookie", "a=1"), ("cookie", "b=2")],
            "body": b"abcd",
        },
        {
            "body": (
                "['POST', '/f', '/Ã©/x', 'a=b%20c', 'a/b', '4', 'h.example', '81', 'HTTP/1.1', '127.0.0.1', '1,2', 'a=1; b=2', 'http', (1, 0)]abcd"
            ).encode(),
            "type": "text/plain",
        },
    ),
    (
        "wsgi-write",
        "def application(environ, start_response):\n    write = start_response('201 Made', [])\n    write(b'a')\n    yield b'b'",
        {},
        {"status": 201, "body": b"ab"},
    ),
    (
        "wsgi-exc-info",
        """
import sys
def app(environ, start_response):
    start_response('200 OK', [])
    try:
        1 / 0
    except ZeroDivisionError:
        start_response('500 Oops', [('x-e', 'y')], sys.exc_info())
    return [b'e']
""",
        {},
        {"status": 500, "body": b"e", "headers": {"x-e": "y"}},
    ),
    (
        "wsgi-close",
        """
class Body:
    def __iter__(self): return iter([b'x'])
    def close(self): print('closed')
def app(environ, start_response):
    start_response('200 OK', [])
    environ['wsgi.errors'].write('to the log\\n')
    return Body()
""",
        {},
        {"body": b"x", "log": "to the log\nclosed\n"},
    ),
    (
        "wsgi-validator",
        """
from wsgiref.validate import validator
@validator
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'valid']
""",
        {"url": "http://h/f/x", "headers": [("host", "h")]},
        {"body": b"valid"},
    ),
    ("wsgi-never-starts", "def app(environ, start_response): return []", {}, {"status": 0, "body_has": "has not called start_response()"}),
    # --- errors
    (
        "error",
        "def helper():\n    return 1 / 0\n\ndef handler(request):\n    return helper()",
        {},
        {"status": 0, "body": b"ZeroDivisionError: division by zero (main.py:2)", "log_has": 'File "/main.py", line 5, in handler'},
    ),
    ("error-below-stdlib", "import json\ndef handler(request): return json.loads('x')", {}, {"status": 0, "body_has": "(main.py:2)"}),
    ("exit", "import sys\ndef handler(request): sys.exit(3)", {}, {"status": 0, "body": b"SystemExit: the handler called sys.exit(3) (main.py:2)"}),
    (
        "bad-result",
        "def handler(request): return object()",
        {},
        {"status": 0, "body_has": "TypeError: a handler returns str, bytes, dict, list, None, an iterator of str or bytes, or mayfly.Response, not object"},
    ),
    ("bad-tuple", "def handler(request): return 1, 2, 3, 4", {}, {"status": 0, "body_has": "TypeError: a tuple is a response as"}),
    ("bad-json", "def handler(request): return {'a': object()}", {}, {"status": 0, "body_has": "TypeError: Object of type object is not JSON serializable"}),
    ("bad-status", "def handler(request): return 'x', 99", {}, {"status": 0, "body_has": "ValueError: 99 is not the status of a response"}),
    ("header-injection", "def handler(request): return 'x', 200, {'a': 'b\\r\\nc: d'}", {}, {"status": 0, "body_has": "ValueError: 'a': 'b\\r\\nc: d' is not a header"}),
    ("recursion", "def handler(request): return handler(request)", {}, {"status": 0, "body_has": "RecursionError: maximum recursion depth exceeded"}),
    (
        "recursion-caught",
        "def f(n): return f(n + 1)\ndef handler(request):\n    try: f(0)\n    except RecursionError: return 'deep'",
        {},
        {"body": b"deep"},
    ),
    # --- the world
    ("print", "def handler(request):\n    print('one', 2)\n    print('three', end='')\n    return 'x'", {}, {"body": b"x", "log": "one 2\nthree"}),
    ("input", "def handler(request):\n    try: input()\n    except EOFError: return 'no input'", {}, {"body": b"no input"}),
    ("environment", "import os\ndef handler(request): return [os.environ['KEY'], os.getenv('NONE')]", {"env": {"KEY": "välue"}}, {"json": ["välue", None]}),
    ("no-environment-at-deploy", "import os\nthen = dict(os.environ)\ndef handler(request): return then", {"env": {"KEY": "v"}}, {"json": {}}),
    ("threads", "import threading\ndef handler(request):\n    try: threading.Thread(target=print).start()\n    except RuntimeError as e: return str(e)", {}, {"body": b"can't start new thread"}),
    ("module-name", "def handler(request): return [__name__, __file__]", {}, {"json": ["main", "/main.py"]}),
    ("no-main", "if __name__ == '__main__': raise SystemExit\ndef handler(request): return 'ok'", {}, {"body": b"ok"}),
    (
        "dataclass-and-pickle",
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: int\ndef handler(request): return dataclasses.asdict(pickle.loads(pickle.dumps(P(3))))",
        {},
        {"json": {"x": 3}},
    ),
    (
        "signatures-of-builtins",
        """
import dataclasses, inspect
@dataclasses.dataclass(init=False)
class Plain:
    x: int
def handler(request): return [str(inspect.signature(sorted)), str(inspect.signature(Plain)), Plain.__doc__]
""",
        {},
        {"json": ["(iterable, /, *, key=None, reverse=False)", "()", "Plain()"]},
    ),
    (
        "standard-library",
        """
import base64, colorsys, csv, datetime, decimal, fractions, gzip, hashlib, hmac, html, io, ipaddress, itertools, re, statistics, string
import sched, textwrap, tomllib, unittest.mock, urllib.parse, uuid, wave, xml.etree.ElementTree as ET, zipfile, zlib, zoneinfo
def handler(request):
    import difflib, graphlib, plistlib, xmlrpc.client  # at the request, not before
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as file: file.writestr('a', 'b' * 100)
    return [
        hashlib.sha256(b'a').hexdigest()[:8], hashlib.md5(b'a').hexdigest()[:8], hashlib.blake2b(b'a').hexdigest()[:8],
        hashlib.sha3_256(b'a').hexdigest()[:8], hmac.new(b'k', b'm', 'sha1').hexdigest()[:8],
        str(decimal.Decimal(1) / 3)[:8], str(fractions.Fraction(3, 6)), gzip.decompress(gzip.compress(b'zip')).decode(),
        ET.fromstring('<a><b c="d"/></a>')[0].get('c'), str(ipaddress.ip_network('10.0.0.0/8')[1]),
        zipfile.ZipFile(archive).read('a').decode()[:2], tomllib.loads('a = 1'), re.sub(r'(?P<x>\\w)', r'\\g<x>.', 'ab'),
        datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc).isoformat(), f'{1234.5:,.2f}', 'ǆ'.title(),
        'bücher.example'.encode('idna').decode(), '日本'.encode('shift_jis').hex(), list(graphlib.TopologicalSorter({1: {2}}).static_order()),
    ]
""",
        {},
        {
            "json": [
                "ca978112", "0cc175b9", "333fcb4e", "80084bf2", "772b71c8", "0.333333", "1/2", "zip", "d", "10.0.0.1", "bb", {"a": 1}, "a.b.",
                "2024-02-29T00:00:00+00:00", "1,234.50", "ǅ", "xn--bcher-kva.example", "93fa967b", [2, 1],
            ]
        },
    ),
]  # fmt: skip
