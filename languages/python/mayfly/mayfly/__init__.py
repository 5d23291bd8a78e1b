"""What functions on mayfly see of requests, and answer with."""

from mayfly._http import fetch
from mayfly._request import Headers, Request
from mayfly._response import Response

__all__ = ["Headers", "Request", "Response", "fetch"]
