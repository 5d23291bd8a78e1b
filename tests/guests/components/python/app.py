"""Answers with the request's target and its JSON body, sorted."""

import json

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.types import Fields, OutgoingBody, OutgoingResponse, ResponseOutparam

WRITE = 4096  # as much as one call may write


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, response_out):
        answer = {"target": request.path_with_query(), "body": json.loads(read(request) or b"null")}
        response = OutgoingResponse(Fields.from_list([("content-type", b"application/json")]))
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        text = json.dumps(answer, sort_keys=True).encode()
        with body.write() as stream:
            for start in range(0, len(text), WRITE):
                stream.blocking_write_and_flush(text[start:start + WRITE])
        OutgoingBody.finish(body, None)


def read(request):
    """The body of the request."""
    text = b""
    body = request.consume()
    with body.stream() as stream:
        try:
            while True:
                text += stream.blocking_read(65536)
        except Err:  # it is at its end
            return text
