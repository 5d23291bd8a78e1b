"""From a request to a response, for each of the forms that a function may have."""

import os
import random
import sys
import traceback
from types import CoroutineType

import _mayfly

from mayfly import _context, _loop, _response, _wsgi
from mayfly._request import Request

_state = _response.state


def serve(answer, target):
    """What the driver calls for each request: answer(target, method, url, client, function, fields) writes the response."""

    def serve_request(*head):
        _state.begun = False
        _mayfly.reseed(random._inst)
        try:
            answer(target, *head)
        except BaseException as error:
            failed(error)
        sys.stdout.flush()
        sys.stderr.flush()

    return serve_request


def request(handler, *head):
    _response.send(_awaited(handler(Request(*head))))


def nothing(handler, *head):
    _response.send(_awaited(handler()))


def context(handler, *head):
    at, result = _context.answer(handler, *head)
    _response.send(_context.result_of(at, _awaited(result)))


def exec_text(function, *head):
    text = _mayfly.read_all().decode("utf-8", "replace")
    result = _awaited(function(text))
    if not isinstance(result, str):
        raise TypeError(f"exec() returns str, not {type(result).__name__}")
    _response._whole(200, [("content-type", _response.JSON)], result.encode())


def wsgi(app, *head):
    _wsgi.answer(app, *head)


def _awaited(result):
    if type(result) is CoroutineType or hasattr(result, "__await__"):
        result = _loop.run(result)
    return result


def failed(error):
    """The trace goes to the log. What has begun cannot be taken back: then the server has to cut it off."""
    error.__traceback__ = _own(error.__traceback__)
    if isinstance(error, SystemExit):
        print(f"the handler called sys.exit({error.code!r})", file=sys.stderr)
    traceback.print_exception(error)
    sys.stdout.flush()
    sys.stderr.flush()
    if _state.begun:
        os._exit(1)
    _mayfly.fail(summary(error).encode("utf-8", "backslashreplace").decode())


def _own(trace):
    """Leaves out what is mayfly's between the server and the function."""
    inner = trace
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith("<frozen mayfly"):
        inner = inner.tb_next
    return inner or trace


def summary(error):
    """`TypeName: message (main.py:LINE)`, of the last line of the function's own."""
    text = text_of(error) if not isinstance(error, SystemExit) else f"the handler called sys.exit({error.code!r})"
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = where(error)
    return f"{line} ({place[0]}:{place[1]})" if place else line


def text_of(error):
    """What an exception says, whatever it makes of being asked."""
    try:
        return str(error)
    except BaseException:
        return "<exception str() failed>"


def where(error):
    """(file, line, column) of the innermost frame in the function's files, packages last; None when there is none."""
    own = packaged = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith("<"):
            continue
        place = (frame.filename.lstrip("/"), frame.lineno, (frame.colno or 0) + 1)
        if "site-packages/" in frame.filename or ".whl/" in frame.filename:
            packaged = place
        else:
            own = place
    return own or packaged
