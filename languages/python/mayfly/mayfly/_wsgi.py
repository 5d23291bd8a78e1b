"""WSGI, as PEP 3333 has it: one request at a time, in one thread, in one process."""

import io
import sys
from urllib.parse import unquote_to_bytes

import _mayfly

from mayfly import _response
from mayfly._request import raw_path


class Input(io.RawIOBase):
    """The body of the request, read as it is asked for."""

    def readable(self):
        return True

    def readinto(self, buffer):
        return _mayfly.read_into(buffer)


def environment(method, url, client, function, fields):
    """The environ of a request. SCRIPT_NAME is the function, where the path begins with it."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0]
    name, port = split_host(host, scheme)
    raw, query = raw_path(url)
    path = unquote_to_bytes(raw).decode("latin-1")
    script = ""
    if path == f"/{function}" or path.startswith(f"/{function}/"):
        script, path = f"/{function}", path[len(function) + 1 :]
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": script,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": name,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "mayfly",
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BufferedReader(Input()),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for key, value in _mayfly.fields(fields):
        key = key.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    environ.setdefault("HTTP_HOST", host)
    return environ


def split_host(host, scheme):
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return name.strip("[]"), port
    return host.strip("[]"), "443" if scheme == "https" else "80"


def answer(app, *head):
    """Calls the app, and writes its response."""
    status = None
    fields = None

    def start_response(line, headers, exc_info=None):
        nonlocal status, fields
        if exc_info is not None:
            try:
                if _response.state.begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif status is not None:
            raise AssertionError("start_response() was called before")
        status = int(line[:3])
        fields = list(headers)
        return write

    def write(data):
        if not isinstance(data, bytes):
            raise TypeError(f"the parts of a WSGI response are bytes, not {type(data).__name__}")
        if status is None:
            raise AssertionError("write() before start_response()")
        if _response.state.begun:
            _mayfly.write(data)
        else:
            _response._whole(status, fields, data)

    parts = app(environment(*head), start_response)
    try:
        for part in parts:
            if part or not isinstance(part, bytes):
                write(part)
        if not _response.state.begun:
            if status is None:
                raise AssertionError("the app has not called start_response()")
            write(b"")
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
