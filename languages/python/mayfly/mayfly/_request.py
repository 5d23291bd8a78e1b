"""The request, read as far as it is asked for."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import _mayfly


class Headers(Mapping):
    """Header fields by name, in any case. Several of a name are one value, with commas between."""

    __slots__ = ("_pairs", "_by_name")

    def __init__(self, pairs=()):
        self._pairs = list(pairs.items()) if hasattr(pairs, "items") else list(pairs)
        self._by_name = {}
        for name, value in self._pairs:
            self._by_name.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name):
        values = self._by_name[name.lower()]
        return values[0] if len(values) == 1 else ("; " if name.lower() == "cookie" else ", ").join(values)

    def __contains__(self, name):
        return isinstance(name, str) and name.lower() in self._by_name

    def __iter__(self):
        return iter(self._by_name)

    def __len__(self):
        return len(self._by_name)

    def __repr__(self):
        return f"Headers({self._pairs!r})"

    def get_all(self, name):
        """Every value of that name, in order."""
        return list(self._by_name.get(name.lower(), ()))

    def pairs(self):
        """(name, value) of every field, as they came."""
        return list(self._pairs)


class Request:
    """A request. `url` is as the client sent it; `path` and `query` are decoded."""

    __slots__ = ("method", "url", "client", "function", "_fields", "_headers", "_body", "_query", "__dict__")

    def __init__(self, method, url, client, function, fields):
        self.method = method
        self.url = url
        self.client = client
        self.function = function
        self._fields = fields
        self._headers = self._body = self._query = None

    @property
    def path(self):
        return unquote(raw_path(self.url)[0])

    @property
    def query_string(self):
        return raw_path(self.url)[1]

    @property
    def query(self):
        """The query as a dict of str; of several of a name the last."""
        return dict(self.query_all)

    @property
    def query_all(self):
        """The query as a list of (name, value)."""
        if self._query is None:
            self._query = parse_qsl(self.query_string, keep_blank_values=True)
        return self._query

    @property
    def headers(self):
        if self._headers is None:
            self._headers = Headers(_mayfly.fields(self._fields))
        return self._headers

    @property
    def body(self):
        """The whole body, as bytes."""
        if self._body is None:
            self._body = _mayfly.read_all()
        return self._body

    @property
    def text(self):
        """The body as text, in UTF-8; what is not becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self):
        """The value that the body is as JSON. ValueError when it is none."""
        return json.loads(self.body)

    def __repr__(self):
        return f"<Request {self.method} {self.url}>"


def raw_path(url):
    """The path and the query of a URL, as they stand in it."""
    path, _, query = url.partition("?")
    start = path.find("/", path.find("://") + 3) if "://" in path else 0
    return path[start:] if start >= 0 else "/", query
