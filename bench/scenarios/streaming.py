"""A large body through an echo that answers while it arrives, and many clients that read events slowly."""

import pathlib
import socket
import statistics
import sys
import threading
import time

import network
import processes
import tables
from mayfly import GUESTS, Mayfly

ECHO = pathlib.Path(__file__).resolve().parent.parent / "peers/echo.py"
COMPONENTS = GUESTS / "components"
CHUNK = 1 << 20
EVENTS = "?events=1000&delay=1000"
PAUSE_SECONDS = 5  # for every stream to have begun, and memory to settle
QUICK = {"mebibytes": 64, "rounds": 2, "streams": 50}


def arguments(parser):
    parser.add_argument("--mebibytes", type=int, default=1024, help="of one body")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=1000, help="slow ones at once")


def _pass(port, head, size):
    """Seconds from the first byte of a body of `size` bytes to the last one that comes back; the rest is the head's."""
    block = bytes(CHUNK)
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        def send():
            for _ in range(size // CHUNK):
                connection.sendall(block)

        connection.sendall(head)
        buffer, left, answer = bytearray(CHUNK), size, b""
        started = time.perf_counter()
        sender = threading.Thread(target=send)
        sender.start()
        while head and b"\r\n\r\n" not in answer:
            answer += connection.recv(CHUNK)
        left -= len(answer.partition(b"\r\n\r\n")[2])
        if head and not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"it answers {answer[:200]!r}")
        while left > 0:
            received = connection.recv_into(buffer)
            if received == 0:
                raise RuntimeError(f"{left} bytes are missing")
            left -= received
        sender.join()
        return time.perf_counter() - started


def _throughput(options, server, core):
    size = options.mebibytes << 20
    port = processes.free_port()
    bare = processes.Process([sys.executable, str(ECHO), str(port)], port, core)
    bare.wait_until_listening()
    targets = {"bare echo": (bare, port, b"")}
    for world, name in (("http2", "wasi:http 0.2"), ("http3", "wasi:http 0.3"), ("http3", "wasi:http 0.3, copied")):
        query = "length&copy" if name.endswith("copied") else "length"
        head = f"POST /{world}-echo?{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
        targets[name] = (server.process, server.port, head.encode())
    samples = {name: {"seconds": [], "cpu": [], "growth": []} for name in targets}
    for process, port, head in targets.values():
        _pass(port, head, size)
    for _ in range(options.rounds):
        for name, (process, port, head) in targets.items():
            cpu, memory = process.cpu_seconds(), process.memory()[0]
            samples[name]["seconds"].append(_pass(port, head, size))
            samples[name]["cpu"].append(process.cpu_seconds() - cpu)
            samples[name]["growth"].append(process.memory()[0] - memory)
    bare.stop()
    rows = [[name, f"{size / 1e9 / statistics.median(found['seconds']):.2f}",
             f"{statistics.median(found['cpu']) / (size / 1e9):.2f} s",
             tables.mebibytes(max(found["growth"]))] for name, found in samples.items()]
    print(tables.table([f"{options.mebibytes} MiB through", "GB/s", "CPU for a GB", "resident afterwards"], rows))
    return samples


def _slow(options, core, world):
    """Resident bytes of a server, before and with every stream open, each of which takes an event a second."""
    with Mayfly(options, core) as server:
        with server.connect() as connection:
            connection.deploy(f"{world}-sse", (COMPONENTS / f"{world}-sse.wasm").read_bytes(), "?timeout=1h")
        time.sleep(PAUSE_SECONDS)
        before = server.process.memory()[0]
        clients = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(options.streams)]
        for client in clients:
            client.sendall(f"GET /{world}-sse{EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for client in clients:
            if b"data: 1\n" not in client.recv(CHUNK, socket.MSG_PEEK):
                time.sleep(0.1)
        time.sleep(PAUSE_SECONDS)
        found = {"before": before, "open": server.process.memory()[0]}
        for client in clients:
            client.close()
    return found


def _all_slow(options, core):
    found = {world: _slow(options, core, world) for world in ("http2", "http3")}
    rows = [[f"{world}-sse", options.streams, tables.mebibytes(one["before"]), tables.mebibytes(one["open"]),
             f"{(one['open'] - one['before']) / options.streams / 1024:.0f} KiB"] for world, one in found.items()]
    print("\n" + tables.table(["slow streams", "clients", "before", "all open", "each"], rows))
    return found


def run(options):
    # Linux's default, as bbr paces a sender on loopback too: an echo of bare sockets sends less than half then.
    print(f"congestion control: {network.enter_own('cubic')}\n")
    processes.raise_descriptor_limit(options.streams * 2 + 1000)
    server_core, _ = processes.cores()
    with Mayfly(options, server_core) as server:
        for world in ("http2", "http3"):
            with server.connect() as connection:
                connection.deploy(f"{world}-echo", (COMPONENTS / f"{world}-echo.wasm").read_bytes(),
                                  "?request=8GiB&response=8GiB&timeout=10m&cpu=10m")
        throughput = _throughput(options, server, server_core)
    return {"throughput": throughput, "slow": _all_slow(options, server_core)}
