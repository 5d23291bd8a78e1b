"""A keep-alive HTTP/1.1 client that costs little, for timing single requests."""

import json
import socket
import time


def explained(body):
    """The detail of a problem document, or the beginning of what else was answered."""
    try:
        return json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return repr(body[:300])


class Connection:
    def __init__(self, port, timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def request(self, method, target, body=b"", kind="application/wasm"):
        """Returns (status, body, seconds from the first byte sent to the last one received)."""
        head = (f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        message = head.encode() + body
        start = time.perf_counter()
        self.socket.sendall(message)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        fields = received[:end].lower().split(b"\r\n")
        length = next((int(field[15:]) for field in fields if field.startswith(b"content-length:")), 0)
        while len(received) < end + 4 + length:
            received += self._more()
        return int(received[9:12]), received[end + 4:], time.perf_counter() - start

    def _more(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk

    def get(self, target):
        """(body, seconds) of an answer that must be 200."""
        status, body, seconds = self.request("GET", target)
        if status != 200:
            raise RuntimeError(f"GET {target}: {status} {body[:300]!r}")
        return body, seconds

    def deploy(self, name, module, query=""):
        """Puts a module or a source live; returns the seconds until that was answered."""
        status, body, seconds = self.request("PUT", f"/_mayfly/v1/functions/{name}{query}", module)
        if status not in (200, 201):
            raise RuntimeError(f"PUT {name}: {status} {explained(body)}")
        return seconds

    def remove(self, name):
        status, body, _ = self.request("DELETE", f"/_mayfly/v1/functions/{name}")
        if status not in (200, 204):
            raise RuntimeError(f"DELETE {name}: {status} {body[:300]!r}")

    def sandboxes(self):
        """How many functions run now."""
        return json.loads(self.get("/_mayfly/v1/health")[0])["sandboxes"]["in_use"]
