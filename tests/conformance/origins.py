"""The HTTP servers that a program of wasi-testsuite asks for: answers that its manifest gives, or echoes."""

import contextlib
import http.server
import socket
import threading


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body_and_trailers(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0))), []
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        lines = iter(lambda: self.rfile.readline().decode().strip(), "")
        return body, [tuple(part.strip() for part in line.split(":", 1)) for line in lines]

    def answer(self):
        body, trailers = self.body_and_trailers()
        endpoint = self.server.endpoints.get((self.command, self.path))
        if endpoint is None:
            self.send(404)
        elif endpoint.get("mode") == "echo-body":
            self.send(200, body=body)
        elif endpoint.get("mode") == "echo-headers":
            echoed = [("x-request-method", self.command), ("x-request-path", self.path)]
            echoed += [(f"x-echo-{name.lower()}", value) for name, value in self.headers.items()]
            self.send(200, echoed + [(f"x-trailer-{name.lower()}", value) for name, value in trailers])
        else:
            wanted = endpoint["response"]
            self.send(wanted["status"], wanted.get("headers", {}).items(), wanted.get("body", "").encode(),
                      wanted.get("chunks"), wanted.get("trailers", {}))

    def send(self, status, headers=(), body=b"", chunks=None, trailers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if chunks is None:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk.encode()) for chunk in chunks) + b"0\r\n"
            body += "".join(f"{name}: {value}\r\n" for name, value in dict(trailers).items()).encode() + b"\r\n"
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that went away


@contextlib.contextmanager
def running(servers):
    """{name: "host:port"} of the servers of a manifest, while it lasts."""
    addresses, started = {}, []
    for wanted in servers:
        if wanted.get("kind") == "closed":
            addresses[wanted["name"]] = f"127.0.0.1:{closed_port()}"
            continue
        server = _Server(("127.0.0.1", 0), _Handler)
        server.endpoints = {(endpoint["method"], endpoint["path"]): endpoint for endpoint in wanted["endpoints"]}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        addresses[wanted["name"]] = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield addresses
    finally:
        for server in started:
            server.shutdown()
            server.server_close()
