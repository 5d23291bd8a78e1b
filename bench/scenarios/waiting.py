"""Thousands of requests that wait: for a backend that does not answer yet, and in a sleep. Memory for each."""

import selectors
import socket
import time

import processes
import tables
from mayfly import EXAMPLES, GUESTS, Mayfly
from slow_backend import SlowBackend

CONNECTIONS_PER_ADDRESS = 8_000  # of the ports that one pair of addresses has; 28 232 unless the system is set otherwise
DESCRIPTORS_ELSEWHERE = 2_000
QUICK = {"requests": 500}


def arguments(parser):
    parser.add_argument("--requests", type=int, default=10_000)


def addresses(first_octets, requests):
    return [f"{first_octets}.{i + 1}" for i in range(-(-requests // CONNECTIONS_PER_ADDRESS))]


class Clients:
    """Connections that each have one request in flight."""

    def __init__(self, port, targets, requests):
        self.sockets = []
        sources = addresses("127.0.1", requests)
        for number in range(requests):
            connection = socket.socket()
            connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is picked at connect
            connection.bind((sources[number % len(sources)], 0))
            connection.connect(("127.0.0.1", port))
            connection.sendall(f"GET {targets[number % len(targets)]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            self.sockets.append(connection)

    def answers(self, seconds=60):
        """How many answered 200 by then."""
        good, open_ones, deadline = 0, len(self.sockets), time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for connection in self.sockets:
                selector.register(connection, selectors.EVENT_READ)
            while open_ones and (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    good += key.fileobj.recv(65536).startswith(b"HTTP/1.1 200")
                    selector.unregister(key.fileobj)
                    open_ones -= 1
        return good

    def close(self):
        for connection in self.sockets:
            connection.close()


def _measure(server, targets, requests, release):
    """Memory before, with every request waiting, and after; and how many were answered."""
    before = server.process.memory()
    start = time.perf_counter()
    clients = Clients(server.port, targets, requests)
    with server.connect() as connection:
        deadline = time.monotonic() + 60
        while (waiting := connection.sandboxes()) < requests and time.monotonic() < deadline:
            time.sleep(0.02)
        opening = time.perf_counter() - start
        during = server.process.memory()
        release()
        answered = clients.answers()
        clients.close()
        while connection.sandboxes():
            time.sleep(0.02)
    return {"before": before, "during": during, "after": server.process.memory(), "requests": requests,
            "waiting": waiting, "answered": answered, "seconds": opening}


def run(options):
    core, _ = processes.cores()
    limit = processes.raise_descriptor_limit(3 * options.requests + DESCRIPTORS_ELSEWHERE)
    # This process holds a client's and a backend's end of each; the server keeps a quarter of its own limit back.
    requests = min(options.requests, (limit - DESCRIPTORS_ELSEWHERE) // 2 * 3 // 4)
    if requests < options.requests:
        print(f"{requests} requests instead of {options.requests}: only {limit} files can be open here")
    kinds = {}
    backend = SlowBackend(addresses("127.0.2", requests))
    with Mayfly(options, core) as server:
        handle = (EXAMPLES / "tcp-backend/tcp-backend.wasm").read_bytes()
        for number, listener in enumerate(backend.listeners):
            address = "{}:{}".format(*listener.getsockname())
            server.deploy({f"backend{number}": handle},
                          f"?env=/env/backend%3D{address}&allow=tcp%3D{address}&timeout=10m")
        targets = [f"/backend{number}" for number in range(len(backend.listeners))]
        kinds["handle function in tcp_read"] = _measure(server, targets, requests, backend.answer)
    sleeper = (GUESTS / "nap.wat").read_text().replace("(i64.const 1000000000)", "(i64.const 30000000000)")
    with Mayfly(options, core) as server:
        server.deploy({"nap": sleeper.encode()}, "?timeout=10m")
        kinds["command in poll_oneoff, 30 s"] = _measure(server, ["/nap"], requests, lambda: None)
    rows = [[kind, found["waiting"], found["answered"], tables.mebibytes(found["before"][0]),
             tables.mebibytes(found["during"][0]), tables.mebibytes(found["after"][0]),
             f"{(found['during'][0] - found['before'][0]) / max(1, found['waiting']) / 1024:.1f} KiB"]
            for kind, found in kinds.items()]
    print(tables.table(["", "waiting", "answered 200", "before", "waiting", "after", "a request"], rows))
    return kinds
