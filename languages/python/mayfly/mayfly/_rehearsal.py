"""Every form of a function is called some times before the image is taken: Python has then specialised the code between
the server and the function, filled its caches, and a request changes fewer pages."""

import io
import struct
import sys

import _mayfly

from mayfly import _response, _serve

_TIMES = 12  # code is specialised after 8 calls


_SOURCE = b"""import json
from mayfly import Response
names = ["a", 1, 2.5, None]
class Rehearsal:
    def __init__(self, value=None): self.value = value
def helper(x, *more):
    for each in more: x = x + f"{each}" if x else (x, {"a": [1]})
    return x
def handler(request):
    return Response(json.dumps({"a": helper("")}), 200, {"x-a": "b"})
"""


def rehearse(load_source):
    """load_source(path, source) -> what serves its requests."""
    errors, sys.stderr = sys.stderr, io.StringIO()
    _mayfly.rehearse(True)
    try:
        for _ in range(_TIMES):
            load_source("/rehearsal.py", _SOURCE)("GET", "http://localhost/f", "127.0.0.1", "f", _FIELDS)
        del sys.modules["rehearsal"]
        for answer, function in _functions():
            serve = _serve.serve(answer, function)
            for _ in range(_TIMES):
                serve("GET", "http://localhost/f/x?a=b", "127.0.0.1", "f", _FIELDS)
    finally:
        _mayfly.rehearse(False)
        sys.stderr = errors
        _response.state.begun = False


def _string(text):
    return struct.pack("<I", len(text)) + text


_FIELDS = b"".join(map(_string, (b"host", b"localhost", b"accept", b"*/*", b"content-type", b"application/json")))


def _functions():
    yield _serve.request, lambda request: "text"
    yield (
        _serve.request,
        lambda request: {"a": [1, request.json(), request.headers.get("host"), request.path, request.query]},
    )
    yield _serve.request, lambda request: ("text", 201, {"x-a": "b"})
    yield _serve.request, lambda request: _response.Response("text", 200, {"content-type": "text/html"})
    yield _serve.request, lambda request: (part for part in ("a", "b"))
    yield _serve.request, _later
    yield _serve.request, _fails
    yield _serve.context, lambda context: context.json({"name": context.request().getParam("name")})
    yield _serve.exec_text, lambda text: text
    yield _serve.wsgi, _wsgi


def _fails(request):
    raise ValueError("rehearsal")


async def _later(request):
    return "text"


def _wsgi(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"text"]
