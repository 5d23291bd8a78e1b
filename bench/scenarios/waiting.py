"""Thousands of requests that wait: for a backend that does not answer yet, and in a sleep. Memory for each."""

import selectors
import socket
import time

import processes
import tables
from mayfly import EXAMPLES, GUESTS, WAT_HELLO, Mayfly
from slow_backend import SlowBackend

CONNECTIONS_PER_ADDRESS = 8_000  # of the ports that one pair of addresses has; 28 232 unless the system is set otherwise
DESCRIPTORS_ELSEWHERE = 2_000
SLEEP_SECONDS = 30  # long enough for all to be there
PAUSE_SECONDS = 3  # before memory is looked at again: it goes back to the system within about a second
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
    """Memory before, with every request waiting, and after; and how many were answered. `release` ends the wait."""
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
    time.sleep(PAUSE_SECONDS)
    return {"before": before, "during": during, "after": server.process.memory(), "requests": requests,
            "waiting": waiting, "answered": answered, "seconds": opening}


def _measure_idle(server, target, requests):
    """As _measure, of connections that are kept open behind an answer."""
    before = server.process.memory()
    clients = Clients(server.port, [target], requests)
    answered = clients.answers()
    during = server.process.memory()
    clients.close()
    time.sleep(PAUSE_SECONDS)
    return {"before": before, "during": during, "after": server.process.memory(), "requests": requests,
            "waiting": 0, "answered": answered}


def _fit(wanted, descriptors, limit, what):
    """As many requests as fit into the limit of open files, when each takes so many of the busiest process."""
    most = (limit - DESCRIPTORS_ELSEWHERE) // descriptors
    if most < wanted:
        print(f"{what}: {most} requests instead of {wanted}, as a process can have {limit} files open here")
    return min(wanted, most)


def run(options):
    core, _ = processes.cores()
    limit = processes.raise_descriptor_limit(3 * options.requests + DESCRIPTORS_ELSEWHERE)
    kinds = {}
    with Mayfly(options, core) as server:
        server.deploy({"hello": WAT_HELLO})
        kinds["idle connection"] = _measure_idle(server, "/hello", _fit(options.requests, 1, limit, "idle connections"))

    requests = _fit(options.requests, 2, limit, "tcp_read")  # the server's: a connection and a socket of the guest
    backend = SlowBackend(addresses("127.0.2", requests))
    with Mayfly(options, core) as server:
        for number, listener in enumerate(backend.listeners):
            address = "{}:{}".format(*listener.getsockname())
            server.deploy({f"backend{number}": EXAMPLES / "tcp-backend/tcp-backend.wasm"},
                          f"?env=/env/backend%3D{address}&allow=tcp%3D{address}&timeout=10m&concurrency=10000")
        targets = [f"/backend{number}" for number in range(len(backend.listeners))]
        kinds["handle function in tcp_read"] = _measure(server, targets, requests, backend.answer)

    requests = _fit(options.requests, 1, limit, "poll_oneoff")
    sleeper = (GUESTS / "nap.wat").read_text().replace("(i64.const 1000000000)", f"(i64.const {SLEEP_SECONDS}000000000)")
    with Mayfly(options, core) as server:
        server.deploy({"nap": sleeper.encode()}, "?timeout=10m&concurrency=10000")
        kinds[f"command in poll_oneoff, {SLEEP_SECONDS} s"] = _measure(server, ["/nap"], requests, lambda: None)

    rows = [[kind, found["waiting"], found["answered"], *(tables.mebibytes(found[when][0]) for when in
                                                          ("before", "during", "after")),
             f"{(found['during'][0] - found['before'][0]) / found['requests'] / 1024:.1f} KiB"]
            for kind, found in kinds.items()]
    print(tables.table(["", "waiting", "answered 200", "before", "with them", "after", "each"], rows))
    return kinds
