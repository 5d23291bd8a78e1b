"""Outgoing HTTP."""

import io
import json as _json

import _mayfly

from mayfly._request import Headers

_REASONS = {
    2: "the server has no memory for it",
    4: "an argument is too long",
    7: "not allowed: the function's option `allow` has to name the host (docs/config.md)",
    8: "not a method",
    9: "not headers",
    10: "not a URL of http or https",
    11: "the request failed: why is in the log of the function",
    13: "too many responses are open",
}


class Answer(io.BufferedIOBase):
    """The response to fetch(): `status`, `headers`, and a body that can be read as a file, or as `body`, `text` or json()."""

    def __init__(self, url, status, handle):
        self.url = url
        self.status = status
        self._handle = handle
        self._rest = b""
        self._ended = False
        self._body = None
        self.headers = Headers(_pairs(_checked(url, *_mayfly.http_fields(handle))))

    @property
    def ok(self):
        return 200 <= self.status < 300

    @property
    def body(self):
        if self._body is None:
            self._body = self.read()
        return self._body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return _json.loads(self.body)

    def readable(self):
        return True

    def read(self, size=-1):
        parts = [self._rest]
        have = len(self._rest)
        while not self._ended and (size is None or size < 0 or have < size):
            part = self._next()
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        cut = len(data) if size is None or size < 0 else size
        self._rest = data[cut:]
        return data[:cut]

    def read1(self, size=-1):
        data = self._rest or self._next()
        cut = len(data) if size < 0 else size
        self._rest = data[cut:]
        return data[:cut]

    def _next(self):
        if self._ended:
            return b""
        part = _checked(self.url, *_mayfly.http_read(self._handle))
        if not part:
            self._end()
        return part

    def _end(self):
        if not self._ended:
            self._ended = True
            _mayfly.http_close(self._handle)

    def close(self):
        if not self.closed:
            self._end()
        super().close()

    # What urllib.request expects of a response.
    @property
    def msg(self):
        return self.headers

    def info(self):
        return self.headers

    def geturl(self):
        return self.url

    def getcode(self):
        return self.status

    code = property(getcode)


def fetch(url, method="GET", headers=None, body=None, json=None):
    """Makes a request and waits for the head of its response. OSError, with why, when there is none.

    `body` is str or bytes; `json` a value that is sent as such. Redirects are followed.
    """
    fields = dict(headers or {})
    if json is not None:
        body = _json.dumps(json)
        fields.setdefault("content-type", "application/json")
    for name, value in fields.items():
        if "\n" in f"{name}{value}" or "\r" in f"{name}{value}":
            raise ValueError(f"{name!r}: {value!r} is not a header")
    lines = "\n".join(f"{name}:{value}" for name, value in fields.items())
    data = body.encode() if isinstance(body, str) else body or b""
    code, status, handle = _mayfly.http_request(url.encode(), method.upper().encode(), lines.encode("latin-1"), data)
    _checked(url, code, None)
    return Answer(url, status, handle)


def _checked(url, code, value):
    if code != 0:
        raise OSError(f"{url}: {_REASONS.get(code, f'error {code}')}")
    return value


def _pairs(lines):
    for line in lines.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def open_urls():
    """Makes urllib.request send what it sends by fetch()."""
    import email.message
    import urllib.error
    import urllib.request

    class Handler(urllib.request.BaseHandler):
        def http_open(self, request):
            data = request.data
            if data is not None and not isinstance(data, (bytes, bytearray)):
                data = data.read() if hasattr(data, "read") else b"".join(data)
            try:
                answer = fetch(request.full_url, request.get_method(), dict(request.header_items()), data)
            except OSError as error:
                raise urllib.error.URLError(error) from None
            message = email.message.Message()
            for name, value in answer.headers.pairs():
                message[name] = value
            answer.headers = message
            return answer

        https_open = http_open

    class Raises(urllib.request.HTTPErrorProcessor):
        """Redirects have been followed: what is left is an error, or is not."""

        def http_response(self, request, response):
            if 200 <= response.status < 300:
                return response
            raise urllib.error.HTTPError(request.full_url, response.status, "", response.headers, response)

        https_response = http_response

    opener = urllib.request.OpenerDirector()
    for handler in (Handler, Raises, urllib.request.UnknownHandler, urllib.request.DataHandler):
        opener.add_handler(handler())
    urllib.request.install_opener(opener)
