"""Sockets for clients of HTTP: what http.client, and all that is made with it or like it, writes to one is sent by the
server, as mayfly.fetch() does, and what it reads is that response. There is nothing else to connect to."""

import io
import select
import socket

from mayfly import _http

# Of the connection, which is the server's.
_NOT_SENT = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_NOT_READ = {"connection", "keep-alive", "transfer-encoding"}


class Socket:
    """Takes the bytes of one request of HTTP/1.1 after the other; sends each when it is whole, and gives the response as bytes."""

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = 0
    _scheme = "http"

    def __init__(self, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0, fileno=None):
        if family not in (socket.AF_INET, socket.AF_INET6) or type != socket.SOCK_STREAM:
            raise OSError("only TCP, and only for HTTP")
        self._address = None
        self._timeout = None
        self._sent = bytearray()
        self._request = None  # the head, when it is whole
        self._response = None
        self._error = None

    def connect(self, address):
        self._address = address[:2]

    def connect_ex(self, address):
        self.connect(address)
        return 0

    def secured(self, name):
        """One to the same address, for https."""
        secure = SecureSocket()
        secure._address = self._address
        secure._timeout = self._timeout
        secure.server_hostname = name
        return secure

    def sendall(self, data, flags=0):
        self._sent += data
        if self._request is None:
            head, end, rest = self._sent.partition(b"\r\n\r\n")
            if not end:
                return
            self._request = _head(bytes(head))
            self._sent = rest
        method, target, fields, named = self._request
        chunked = "chunked" in named.get("transfer-encoding", "").lower()
        if chunked and not self._sent.endswith(b"0\r\n\r\n") or len(self._sent) < int(named.get("content-length") or 0):
            return
        body = _joined(bytes(self._sent)) if chunked else bytes(self._sent)
        if not target.startswith(("http://", "https://")):
            host, port = self._address
            target = f"{self._scheme}://{named.get('host') or f'{host}:{port}'}{target}"
        sent = {name: value for name, value in fields if name.lower() not in _NOT_SENT}
        self._request = None
        self._sent = bytearray()
        try:
            self._response = _Response(_http.fetch(target, method, sent, body))
        except OSError as error:
            self._error = error
            raise

    def send(self, data, flags=0):
        self.sendall(data)
        return len(data)

    write = send

    def recv(self, size, flags=0):
        if self._error is not None:
            raise self._error  # again: httpcore looks for a response where sending fails
        if self._response is None:
            raise OSError("a socket of a function takes a request of HTTP first, and nothing else")
        return self._response.read(size)

    read = recv

    def recv_into(self, buffer, size=0, flags=0):
        with memoryview(buffer).cast("B") as view:
            data = self.recv(size or len(view))
            view[: len(data)] = data
        return len(data)

    def makefile(self, mode="r", buffering=None, **text):
        if "w" in mode:
            return io.BufferedWriter(_Writer(self))
        reader = io.BufferedReader(_Reader(self))
        return reader if "b" in mode else io.TextIOWrapper(reader, **text)

    # What is asked of a socket, and has no meaning here.

    def settimeout(self, timeout):
        self._timeout = timeout

    def gettimeout(self):
        return self._timeout

    def setblocking(self, on):
        self._timeout = None if on else 0.0

    def _nothing(self, *arguments):
        pass

    setsockopt = shutdown = bind = do_handshake = _nothing

    def getsockopt(self, *arguments):
        return 0

    def getpeername(self):
        return self._address

    def getsockname(self):
        return ("127.0.0.1", 0)

    def getpeercert(self, binary_form=False):
        return b"" if binary_form else {}

    def version(self):
        return "TLSv1.3" if self._scheme == "https" else None

    def selected_alpn_protocol(self):
        return None

    def cipher(self):
        return None

    def unwrap(self):
        return self

    def pending(self):
        return 0

    def fileno(self):
        return -1

    def detach(self):
        return -1

    def close(self):
        """What has been asked for can still be read: http.client closes before it reads."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class SecureSocket(Socket):
    _scheme = "https"

    @property
    def _sslobj(self):  # httpcore asks it which protocol was agreed on
        return self


class _Response(io.RawIOBase):
    """A response as HTTP/1.1 has it on the wire, behind which the connection ends."""

    def __init__(self, answer):
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.pairs() if name.lower() not in _NOT_READ]
        self._head = ("\r\n".join([*lines, "connection: close"]) + "\r\n\r\n").encode("latin-1")
        self._answer = answer

    def read(self, size=-1):
        data, self._head = self._head[:size], self._head[size:]
        return data or self._answer.read1(size)


class _Reader(io.RawIOBase):
    def __init__(self, sock):
        self._socket = sock

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._socket.recv_into(buffer)


class _Writer(io.RawIOBase):
    def __init__(self, sock):
        self._socket = sock

    def writable(self):
        return True

    def write(self, data):
        self._socket.sendall(data)
        return len(data)


def _head(head):
    line, *rest = head.decode("latin-1").split("\r\n")
    method, _, target = line.rpartition(" HTTP/")[0].partition(" ")
    if not target:
        raise OSError("a socket of a function takes a request of HTTP, and nothing else")
    fields = [(name, value.strip()) for name, _, value in (each.partition(":") for each in rest)]
    return method, target, fields, {name.lower(): value for name, value in fields}


def _joined(chunks):
    """The body that was sent in chunks."""
    body = bytearray()
    at = 0
    while True:
        end = chunks.index(b"\r\n", at)
        size = int(chunks[at:end].partition(b";")[0], 16)
        if size == 0:
            return bytes(body)
        body += chunks[end + 2 : end + 2 + size]
        at = end + size + 4


def _addresses(host, port, family=0, type=0, proto=0, flags=0):
    """A name is looked up by the server, when the request is made."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port or 0)))]


def install():
    global _REASONS
    import http

    _REASONS = {status.value: status.phrase for status in http.HTTPStatus}
    socket.socket = socket.SocketType = Socket
    socket.getaddrinfo = _addresses
    if hasattr(select, "poll"):
        select.poll = _Poll


class _Poll:
    """Whether a connection has something to read, which clients ask before they use it again: there is no connection then."""

    def register(self, file, events=0):
        pass

    unregister = register

    def poll(self, timeout=None):
        return []
