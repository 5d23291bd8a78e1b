"""The context of functions for /api/v1/handler: what they know as a RoutingContext."""

import json

from mayfly._request import Request
from mayfly._response import JSON, Response


class Text(str):
    """The body as text, with the names that it has there."""

    def asString(self):
        return str(self)

    def asJson(self):
        return json.loads(self)

    asJsonObject = asJsonArray = asJson


class ContextRequest:
    def __init__(self, request):
        self._request = request

    def method(self):
        return self._request.method

    def path(self):
        return self._request.path

    def uri(self):
        path, query = self.path(), self.query()
        return f"{path}?{query}" if query else path

    def absoluteURI(self):
        return self._request.url

    def query(self):
        return self._request.query_string

    def remoteAddress(self):
        return self._request.client

    def headers(self):
        return self._request.headers

    def getHeader(self, name):
        return self._request.headers.get(name)

    def getParam(self, name, default=None):
        """A parameter of the query; `name` is the function's."""
        if name == "name":
            return self._request.function
        return next((value for key, value in self._request.query_all if key == name), default)

    def body(self):
        return Text(self._request.text)


class ContextResponse:
    def __init__(self):
        self._status = 200
        self._fields = []
        self._parts = []
        self._ended = False

    def setStatusCode(self, status):
        self._status = status
        return self

    def getStatusCode(self):
        return self._status

    def putHeader(self, name, value):
        self._fields = [pair for pair in self._fields if pair[0].lower() != name.lower()]
        return self.addHeader(name, value)

    def addHeader(self, name, value):
        self._fields.append((name, value))
        return self

    def write(self, part):
        if self._ended:
            raise RuntimeError("the response has ended")
        self._parts.append(part.encode() if isinstance(part, str) else part)
        return self

    def end(self, part=b""):
        self.write(part)
        self._ended = True

    def ended(self):
        return self._ended


class Context:
    def __init__(self, request):
        self._request = ContextRequest(request)
        self._response = ContextResponse()

    def request(self):
        return self._request

    def response(self):
        return self._response

    def pathParam(self, name):
        return self._request.getParam(name) if name == "name" else None

    def queryParam(self, name):
        return [value for key, value in self._request._request.query_all if key == name]

    def body(self):
        return self._request.body()

    def getBodyAsString(self):
        return str(self.body())

    def getBodyAsJson(self):
        return self.body().asJson()

    def json(self, value):
        if not any(name.lower() == "content-type" for name, _ in self._response._fields):
            self._response.putHeader("content-type", JSON)
        self._response.end(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def end(self, part=b""):
        self._response.end(part)


def answer(handler, *head):
    """Calls the handler; what it has ended is the response, else what it returns."""
    context = Context(Request(*head))
    result = handler(context)
    return context, result


def result_of(context, result):
    response = context._response
    if not response._ended and not response._parts:
        if result is None or result is context:
            return Response(None, 204 if response._status == 200 else response._status, response._fields)
        return result
    fields = response._fields
    if not any(name.lower() == "content-type" for name, _ in fields):
        fields = [*fields, ("content-type", "text/plain; charset=utf-8")]
    return Response(b"".join(response._parts), response._status, fields)
