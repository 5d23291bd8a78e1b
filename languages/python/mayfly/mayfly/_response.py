"""What a handler may return, and how it becomes a response."""

import json
from types import GeneratorType

import _mayfly

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
JSON = "application/json"

# Of what json takes in the first place, what is a response by itself.
_JSON_TYPES = (dict, list, int, float)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Response:
    """A response with a status and header fields. The body is text, bytes, a value for JSON, or an iterator of text or bytes."""

    def __init__(self, body=None, status=200, headers=None):
        self.body = body
        self.status = status
        self.headers = headers if headers is not None else {}

    @classmethod
    def json(cls, value, status=200, headers=None):
        """One whose body is `value` as JSON, whatever that is."""
        return cls(_encode(value), status, pairs_of(headers) + [("content-type", JSON)])

    def __repr__(self):
        return f"<Response {self.status}>"


def pairs_of(headers):
    """Header fields as a list of (name, value), from a dict, a list of pairs, or None. A list as a value is a field for each."""
    if not headers:
        return []
    pairs = []
    for name, value in headers.items() if hasattr(headers, "items") else headers:
        if isinstance(value, (list, tuple)):
            pairs.extend((name, str(each)) for each in value)
        else:
            pairs.append((name, value if isinstance(value, str) else str(value)))
    return pairs


def send(result):
    """Writes the response that `result` is."""
    kind = type(result)
    if kind is dict or kind is list:
        _whole(200, [("content-type", JSON)], _encode(result).encode())
    elif kind is str:
        _whole(200, [("content-type", TEXT)], result.encode())
    elif kind is tuple:
        _send_tuple(result)
    elif isinstance(result, Response):
        _send(result.body, result.status, pairs_of(result.headers))
    else:
        _send(result, 204 if result is None else 200, [])


def _send_tuple(result):
    """(body, status), (body, status, headers) or (body, headers), as Flask has them."""
    body, *rest = result if result else (None,)
    status = 200
    if rest and isinstance(rest[0], int):
        status = rest.pop(0)
    if len(rest) > 1 or (rest and not isinstance(rest[0], (dict, list))) or not result:
        raise TypeError("a tuple is a response as (body, status), (body, status, headers) or (body, headers)")
    headers = pairs_of(rest[0]) if rest else []
    if isinstance(body, Response):
        body, headers = body.body, pairs_of(body.headers) + headers
    _send(body, status, headers)


def _send(body, status, headers):
    if body is None:
        _whole(status, headers, b"")
    elif isinstance(body, str):
        _whole(status, _with_type(headers, TEXT), body.encode())
    elif isinstance(body, (bytes, bytearray, memoryview)):
        _whole(status, _with_type(headers, BYTES), body)
    elif isinstance(body, _JSON_TYPES):
        _whole(status, _with_type(headers, JSON), _encode(body).encode())
    elif isinstance(body, GeneratorType) or hasattr(body, "__next__"):
        _stream(status, headers, body)
    elif hasattr(body, "__anext__"):
        from mayfly._loop import iterate

        _stream(status, headers, iterate(body))
    else:
        raise TypeError(
            f"a handler returns str, bytes, dict, list, None, an iterator of str or bytes, or mayfly.Response, not {type(body).__name__}"
        )


def _with_type(headers, content_type):
    for name, _ in headers:
        if name.lower() == "content-type":
            return headers
    return [*headers, ("content-type", content_type)]


def _whole(status, headers, body):
    state.begun = True
    try:
        _mayfly.begin(status, headers)
    except BaseException:
        state.begun = False
        raise
    if body:
        _mayfly.write(body)


def _stream(status, headers, parts):
    """The head goes with the first part, whose type says what the body is."""
    try:
        begun = False
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            if not begun:
                _whole(status, _with_type(headers, TEXT if isinstance(part, str) else BYTES), data)
                begun = True
            elif data:
                _mayfly.write(data)
        if not begun:
            _whole(status, headers, b"")
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


class _State:
    """Whether the response to the request at hand has begun."""

    begun = False


state = _State()
