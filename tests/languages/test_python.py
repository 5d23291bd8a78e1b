"""Functions in Python, without the server: each case runs from an image, as there."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from python_cases import CASES
from python_harness import Failed, Interpreter, Refused


@pytest.fixture(scope="session")
def interpreter(request):
    """The one that MAYFLY_PYTHON names, or as it was built."""
    module = os.environ.get("MAYFLY_PYTHON")
    return Interpreter(module or request.getfixturevalue("languages") / "python/python.wasm")


@pytest.fixture
def load(interpreter, tmp_path):
    """A function of one file, or of some: load(source, {"other.py": source})."""

    def load_source(source, files=None, network=None):
        for name, text in {"main.py": source, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return interpreter.load(tmp_path, network=network)

    return load_source


@pytest.fixture(scope="session")
def packages():
    """A folder with what requirements-python.txt names, made once for each content of it."""
    wanted = Path(__file__).with_name("requirements-python.txt")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mayfly" / "python-packages"
    folder = cache / f"{hash_of(wanted)}"
    if not folder.exists():
        making = cache / f"{folder.name}.{os.getpid()}"
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
            "--target",
            making,
            "-r",
            wanted,
        ]
        subprocess.run(pip, check=True, timeout=300)
        making.rename(folder)
    return folder


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("source", "request_", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_case(load, source, request_, expected):
    answer = load(source).serve(**request_)
    assert answer.status == expected.get("status", 200), answer
    if "body" in expected:
        assert answer.body == expected["body"]
    if "body_has" in expected:
        assert expected["body_has"] in answer.text
    if "json" in expected:
        assert json.loads(answer.body) == expected["json"]
    if "type" in expected:
        assert answer.header("content-type") == expected["type"]
    for name, value in expected.get("headers", {}).items():
        assert answer.header(name) == value
    if "all" in expected:
        assert [pair for pair in answer.headers if pair in expected["all"]] == expected["all"]
    if "log" in expected:
        assert answer.log == expected["log"]
    if "log_has" in expected:
        assert expected["log_has"] in answer.log


# --- What is wrong at the deploy ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def handler(request)\n    pass", "main.py:1:21: SyntaxError: expected ':'"),
        ("x = 1\n  y = 2\n", "main.py:2:2: IndentationError: unexpected indent"),
        ("import nothing_of_that_name", "main.py:1:1: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("def f():\n    return [][3]\nx = f()\ndef handler(request): pass", "main.py:2:12: IndexError: list index out of range"),
        ("import broken\ndef handler(request): pass", "broken.py:2:1: SyntaxError: unmatched ')'"),
        ("x = 1", "main.py:1:1: there is no handler: mayfly looks for app(environ, start_response), handler(request), handler(ctx), "
         "a function as the value of the last expression, or exec(input)"),
        ("def handler(a, b): pass", "main.py:1:1: handler(a, b) has to take one argument: the request, or ctx"),
        ("async def app(scope, receive, send): pass", "main.py:1:1: app is an ASGI application: mayfly calls WSGI applications, and handler(request)"),
        ("import sys\nsys.exit('no')", "main.py:2:1: SystemExit: no"),
        ("def f(): f()\nf()", "main.py:1:10: RecursionError: maximum recursion depth exceeded"),
        ("(" * 300, "main.py:1:201: SyntaxError: too many nested parentheses"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_says_where_and_why(load, source, line):
    with pytest.raises(Refused) as refused:
        load(source, {"broken.py": "x = 1\n) ="})
    assert str(refused.value).splitlines()[0] == line


def test_the_trace_of_what_is_wrong_follows(load):
    with pytest.raises(Refused) as refused:
        load("import other\n", {"other.py": "def f():\n    raise ValueError('not today')\nf()\n"})
    lines = str(refused.value).splitlines()
    assert lines[0] == "other.py:2:5: ValueError: not today"
    assert lines[1] == "Traceback (most recent call last):"
    assert '  File "/main.py", line 1, in <module>' in lines
    assert "    raise ValueError('not today')" in lines
    assert "mayfly" not in str(refused.value)


# --- Images -------------------------------------------------------------------------------------------------------


def test_nothing_of_a_request_is_in_the_next(load):
    function = load("count = 0\ndef handler(request):\n    global count\n    count += 1\n    return [count]")
    assert [function.serve().body for _ in range(3)] == [b"[1]"] * 3


def test_a_sandbox_is_used_again(load):
    function = load(
        "count = 0\ndef handler(request):\n    global count\n    count += 1\n    return [count, request.text]"
    )
    assert function.serve(times=3, method="POST", body=b"x").body == b'[3,"x"]'


def test_randomness_is_new_in_every_request(load):
    source = """
import random, secrets, uuid, os, tempfile
random.random(), random.gauss(0, 1)
def handler(request):
    names = tempfile._get_candidate_names()
    return [random.gauss(0, 1), random.random(), random.randint(0, 2**60), secrets.token_hex(8), str(uuid.uuid4()), str(uuid.uuid1()), os.urandom(8).hex(), next(names)]
"""
    function = load(source)
    first, second = (json.loads(function.serve().body) for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_random_numbers_are_evenly_spread(load):
    function = load(
        "import random\ndef handler(request): return [sum(random.random() for _ in range(2000)) / 2000, len({random.getrandbits(32) for _ in range(2000)})]"
    )
    for _ in range(3):
        mean, different = json.loads(function.serve().body)
        assert 0.45 < mean < 0.55 and different > 1990


def test_time_passes_after_the_deploy(load):
    function = load(
        "import time\nthen = time.time(), time.monotonic()\ndef handler(request): return [time.time() - then[0], time.monotonic() != then[1]]"
    )
    passed, moved = json.loads(function.serve().body)
    assert 0 < passed < 60 and moved


def test_time_zones_are_there(load):
    source = """
import datetime, zoneinfo
berlin = zoneinfo.ZoneInfo('Europe/Berlin')
def handler(request):
    summer = datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo('America/New_York'))
    try: zoneinfo.ZoneInfo('Europe/Atlantis')
    except zoneinfo.ZoneInfoNotFoundError as error: missing = str(error)
    return [datetime.datetime(2024, 1, 1, tzinfo=berlin).isoformat(), summer.isoformat(), len(zoneinfo.available_timezones()) > 400, missing]
"""
    winter, summer, many, missing = json.loads(load(source).serve().body)
    assert (winter, summer, many) == ("2024-01-01T00:00:00+01:00", "2024-07-01T00:00:00-04:00", True)
    assert "Europe/Atlantis" in missing


def test_the_environment_is_read_at_every_request(load):
    function = load("import os\ndef handler(request): return os.environ.get('A', '-')")
    assert [function.serve(env=env).text for env in ({"A": "1"}, {}, {"A": "2"})] == ["1", "-", "2"]


def test_files_are_read_at_the_deploy_and_at_requests(load):
    source = "import pathlib\nthen = open('/data/a.txt').read()\ndef handler(request): return then + pathlib.Path('data', 'a.txt').read_text()"
    assert load(source, {"data/a.txt": "abc"}).serve().text == "abcabc"


def test_directories_that_only_requests_have_are_found(load, tmp_path_factory):
    function = load(
        "import os\nthen = os.path.exists('/tmp')\ndef handler(request):\n    open('/tmp/x', 'w').write('abc')\n    return [then, open('/tmp/x').read(), os.listdir('/tmp')]"
    )
    tmp = tmp_path_factory.mktemp("tmp")
    assert json.loads(function.serve(folders={"/tmp": tmp}).body) == [False, "abc", ["x"]]


def test_a_hello_changes_few_pages(load):
    assert load("def handler(request): return 'hello'").serve().dirty < 40


def test_frames_and_objects_do_not_share_memory(load):
    source = """
def deep(n): return deep(n - 1) if n else [str(i) * 9 for i in range(5000)]
def handler(request):
    kept = []
    for turn in range(40):
        kept.append(deep(turn % 8 * 100))
        if turn % 3 == 0: kept.clear()
    return [all(each == [str(i) * 9 for i in range(5000)] for each in kept), len(kept)]
"""
    function = load(source)
    assert function.serve(times=3).body == b"[true,0]"


# --- Streams ------------------------------------------------------------------------------------------------------


def test_what_breaks_off_is_cut(load):
    function = load("def handler(request):\n    yield 'begun'\n    raise ValueError('then')")
    with pytest.raises(Failed, match="(?s)begun.*Exited with i32 exit status 1.*ValueError: then"):
        function.serve()


def test_an_error_before_the_first_part_is_an_error(load):
    answer = load("def handler(request):\n    raise ValueError('at once')\n    yield 'x'").serve()
    assert (answer.status, answer.text) == (0, "ValueError: at once (main.py:2)")


# --- Modules and packages -----------------------------------------------------------------------------------------


def test_modules_beside_the_file_are_imported(load):
    source = "from lib_a import one\nimport pkg.two\ndef handler(request):\n    import late\n    return [one, pkg.two.two, late.three]"
    files = {
        "lib_a.py": "one = 1",
        "pkg/__init__.py": "",
        "pkg/two.py": "from . import __name__ as n\ntwo = n",
        "late.py": "three = 3",
    }
    assert json.loads(load(source, files).serve().body) == [1, "pkg", 3]


def test_own_modules_come_before_those_of_the_standard_library(load):
    source = "import secrets, email.own, json\nfrom calendar import mine\ndef handler(request): return [secrets.mine, email.own.mine, mine, json.loads('1')]"
    files = {
        "secrets.py": "mine = 1",
        "email/__init__.py": "",
        "email/own.py": "mine = 2",
        "calendar.py": "mine = 3",
        "json/notes.txt": "",
        "os.py": "1/0",
    }
    assert json.loads(load(source, files).serve().body) == [1, 2, 3, 1]


def test_a_file_may_be_named_as_a_module_that_it_imports(interpreter, tmp_path):
    (tmp_path / "json.py").write_text("import json\ndef handler(request): return json.dumps([1])")
    assert interpreter.load(tmp_path, "json.py").serve().text == "[1]"


def test_wheels_in_the_root_are_imported(load, tmp_path):
    with zipfile.ZipFile(tmp_path / "thing-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("thing/__init__.py", "from thing.more import value")
        wheel.writestr("thing/more.py", "value = 'from a wheel'\n" * 50)
    assert load("import thing\ndef handler(request): return thing.value").serve().text == "from a wheel"


@pytest.fixture
def load_with_packages(load, packages, tmp_path):
    def load_source(source, files=None, network=None):
        shutil.copytree(packages, tmp_path / "site-packages")
        return load(source, files, network)

    return load_source


def test_flask(load_with_packages):
    function = load_with_packages("""
from flask import Flask, jsonify, render_template_string, request
app = Flask(__name__)

@app.post("/hi/<name>")
def hi(name):
    return jsonify(name=name, form=request.form, root=request.script_root, url=request.base_url)

@app.get("/page")
def page():
    return render_template_string("{% for x in xs %}<{{ x }}>{% endfor %}", xs=["a", "&"])
""")
    form = {
        "method": "POST",
        "headers": [("host", "h"), ("content-type", "application/x-www-form-urlencoded"), ("content-length", "7")],
        "body": b"a=1&b=2",
    }
    answer = function.serve(url="http://h/f/hi/ada%20l", **form)
    assert json.loads(answer.body) == {
        "name": "ada l",
        "form": {"a": "1", "b": "2"},
        "root": "/f",
        "url": "http://h/f/hi/ada%20l",
    }
    assert function.serve(url="http://h/f/page", headers=[("host", "h")]).text == "<a><&amp;>"
    assert function.serve(url="http://h/f/none", headers=[("host", "h")]).status == 404


def test_jinja_markdown_and_jsonschema(load_with_packages):
    function = load_with_packages(
        """
import jinja2, jsonschema, markdown
from mayfly import Response
environment = jinja2.Environment(loader=jinja2.FileSystemLoader('/templates'), autoescape=True)
schema = jsonschema.Draft202012Validator({'type': 'object', 'required': ['title'], 'properties': {'title': {'type': 'string'}}})

def handler(request):
    value = request.json()
    errors = [error.message for error in schema.iter_errors(value)]
    if errors:
        return {'errors': errors}, 422
    body = markdown.markdown(value.get('text', ''), extensions=['tables', 'fenced_code'])
    return Response(environment.get_template('page.html').render(title=value['title'], body=body), headers={'content-type': 'text/html'})
""",
        {"templates/page.html": "<h1>{{ title }}</h1>{{ body | safe }}"},
    )
    answer = function.serve(method="POST", body=json.dumps({"title": "a<b", "text": "# T\n\n*x*"}))
    assert answer.text == "<h1>a&lt;b</h1><h1>T</h1>\n<p><em>x</em></p>"
    assert json.loads(function.serve(method="POST", body=b'{"title": 1}').body) == {
        "errors": ["1 is not of type 'string'"]
    }


# --- Outgoing HTTP ------------------------------------------------------------------------------------------------


def echo(method, url, headers, body):
    """The network: answers with what it was asked; /none is not allowed, /missing not there."""
    if url.endswith("/none"):
        return 7, 0, {}, b""
    found = {"content-type": "application/json", "x-a": "b"}
    return (
        0,
        404 if url.endswith("/missing") else 200,
        found,
        json.dumps([method, url, headers, body.decode()]).encode(),
    )


def test_fetch(load):
    function = load(
        """
from mayfly import fetch
def handler(request):
    answer = fetch('http://api.example/x', method='post', headers={'X-K': 'v'}, body='é' * 40000)
    again = fetch('https://api.example/missing', json={'a': 1}, method='PUT')
    parts = fetch('http://api.example/y')
    first = parts.read(3)
    try: fetch('http://other.example/none')
    except OSError as error: reason = str(error)
    value = answer.json()
    return [answer.status, answer.ok, answer.headers['X-A'], value[:3], len(value[3]), again.status, again.ok, again.json(), (first + parts.read()).decode(), reason]
""",
        network=echo,
    )
    assert json.loads(function.serve().body) == [
        200, True, "b", ["POST", "http://api.example/x", {"X-K": "v"}], 40000,
        404, False, ["PUT", "https://api.example/missing", {"content-type": "application/json"}, '{"a": 1}'],
        '["GET", "http://api.example/y", {}, ""]',
        "http://other.example/none: not allowed: the function's option `allow` has to name the host (docs/config.md)",
    ]  # fmt: skip


def test_urllib_goes_the_same_way(load):
    function = load(
        """
import json, urllib.error, urllib.request
def handler(request):
    with urllib.request.urlopen(urllib.request.Request('http://api.example/x', b'a=1', {'X-K': 'v'}), timeout=5) as answer:
        first = [answer.status, answer.headers['x-a'], json.load(answer)]
    try: urllib.request.urlopen('http://api.example/missing')
    except urllib.error.HTTPError as error: second = [error.code, len(error.read()) > 0]
    try: urllib.request.urlopen('http://api.example/none')
    except urllib.error.URLError as error: third = str(error.reason)[:40]
    return [first, second, third]
""",
        network=echo,
    )
    first, second, third = json.loads(function.serve().body)
    assert first[:2] == [200, "b"] and first[2][0] == "POST" and first[2][3] == "a=1"
    assert second == [404, True] and third.startswith("http://api.example/none: not allowed")


def test_requests_and_httpx_go_the_same_way(load_with_packages):
    function = load_with_packages(
        """
import httpx, requests
def handler(request):
    first = requests.post('https://api.example/x?a=b', json={'k': 1}, headers={'X-K': 'v'}, timeout=3)
    session = requests.Session()
    second = [session.get('http://api.example:81/a').json()[:2], session.get('http://api.example:81/missing').status_code]
    chunked = requests.put('http://h/c', data=(part for part in (b'ab', b'c' * 50000)))
    with httpx.Client() as client:
        third = client.post('https://api.example/y', content=b'z').json()
        try: client.get('https://h/none')
        except httpx.HTTPError as error: reason = str(error)
    try: requests.get('https://h/none')
    except requests.ConnectionError as error: reasons = [reason, 'not allowed' in str(error)]
    return [first.status_code, first.headers['x-a'], first.json(), second, len(chunked.json()[3]), third, reasons]
""",
        network=echo,
    )
    status, header, first, second, chunked, third, reasons = json.loads(function.serve().body)
    assert (status, header) == (200, "b")
    assert first[:2] == ["POST", "https://api.example/x?a=b"] and first[2]["X-K"] == "v" and first[3] == '{"k": 1}'
    assert "Host" not in first[2] and "Content-Length" not in first[2]
    assert second == [["GET", "http://api.example:81/a"], 404]
    assert chunked == 50002
    assert third[:2] == ["POST", "https://api.example/y"] and third[3] == "z"
    assert reasons[0].startswith("https://h/none: not allowed") and reasons[1]


def test_a_socket_speaks_http_and_nothing_else(load):
    source = """
import socket
def handler(request):
    said = []
    for sent in (b'PING\\r\\n\\r\\n', b''):
        with socket.create_connection(('redis.example', 6379)) as connection:
            try:
                connection.sendall(sent)
                connection.recv(1)
            except OSError as error: said.append(str(error))
    try: socket.socket(type=socket.SOCK_DGRAM)
    except OSError as error: said.append(str(error))
    return said
"""
    http = "a socket of a function takes a request of HTTP"
    assert json.loads(load(source).serve().body) == [
        f"{http}, and nothing else",
        f"{http} first, and nothing else",
        "only TCP, and only for HTTP",
    ]


# --- Depth: an error of Python, never a trap ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "class A:\n        def __repr__(self): return repr(self)\n    repr(A())",
        "class A:\n        def __getattr__(self, name): return getattr(self, name + 'x')\n    A().y",
        "class A:\n        def __lt__(self, other): return sorted([self, other]) and True\n    sorted([A(), A()])",
        "x = []\n    for _ in range(100000): x = [x]\n    repr(x)",
        "import json; x = []\n    for _ in range(100000): x = [x]\n    json.dumps(x)",
        "import json; json.loads('[' * 100000)",
        "import pickle; x = []\n    for _ in range(100000): x = [x]\n    pickle.dumps(x)",
        "import copy; x = []\n    for _ in range(100000): x = [x]\n    copy.deepcopy(x)",
        "import functools\n    @functools.lru_cache(None)\n    def f(n): return f(n + 1)\n    f(0)",
        "f = lambda n: max([n], key=lambda n: f(n + 1))\n    f(0)",
        "import re; f = lambda m: re.sub('a', f, 'a')\n    f(0)",
    ],
)
def test_deep_recursion_is_a_recursion_error(load, body):
    source = f"def handler(request):\n  try:\n    {body}\n  except RecursionError: return 'RecursionError'\n"
    assert load(source).serve().text == "RecursionError"


@pytest.mark.parametrize(
    "expression",
    [
        "'(' * 5000 + ')' * 5000",
        "'-' * 50000 + '1'",
        "'+'.join('1' * 50000)",
        "'x' + '.a' * 20000",
        "'not ' * 5000 + '1'",
    ],
)
def test_deep_source_is_an_error_of_python(load, expression):
    source = f"def handler(request):\n    try: compile({expression}, 'x', 'eval'); return 'compiled'\n    except (SyntaxError, RecursionError, MemoryError) as e: return type(e).__name__"
    assert load(source).serve().text in ("compiled", "SyntaxError", "RecursionError", "MemoryError")


def test_recursion_may_be_900_deep(load):
    source = "def deep(n): return 1 + deep(n - 1) if n else 0\ndef handler(request): return [deep(900)]"
    assert load(source).serve().body == b"[900]"


def test_memory_that_is_not_there_is_a_memory_error(load):
    assert (
        load(
            "def handler(request):\n    try: bytearray(5 << 30)\n    except (MemoryError, OverflowError) as e: return type(e).__name__"
        )
        .serve()
        .status
        == 200
    )
